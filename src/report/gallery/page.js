// Search, filter, sort, theme, keys; videos are loaded when they come into sight. Without this the page shows everything.
//
// Of thousands of jobs the first are markup like any other; the markup of the rest is packed, with an index beside it by which they are
// searched and sorted. Cards are made of it, in blocks, when they come near to what is seen.
"use strict";
const batch = (() => {
  const find = (id) => document.getElementById(id);
  const counted = new Intl.NumberFormat("en");
  // Divisible by every number of columns from one to six, so that blocks leave no holes between them.
  const BLOCK = 60;
  // Of fewer cards none is ever taken away again.
  const FEW = 600;

  // Videos: a browser plays only so many at once, so those out of sight let go of theirs.
  const near = new IntersectionObserver((seen) => {
    for (const { target: video, isIntersecting } of seen) {
      if (isIntersecting) {
        video.preload = "metadata";
      } else if (video.paused && video.preload !== "none") {
        video.preload = "none";
        // To name the source again lets go of what is loaded; load() would load it in spite of `none`.
        video.setAttribute("src", video.getAttribute("src"));
      }
    }
  }, { rootMargin: "300px" });

  // Times as the reader's clock has them.
  const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  const localize = (part) => {
    for (const time of part.querySelectorAll("time")) {
      time.title = time.textContent;
      time.textContent = local.format(new Date(time.dateTime));
    }
  };

  // What a card needs that comes into the page.
  const adopted = [];
  const adopt = (card) => {
    for (const video of card.querySelectorAll("video")) {
      near.observe(video);
      video.addEventListener("error", () => { video.nextElementSibling.hidden = false; });
      video.addEventListener("loadedmetadata", () => { video.nextElementSibling.hidden = true; });
    }
    localize(card);
    for (const act of adopted) act(card);
  };

  // The jobs, drawn or not.
  const searched = (card) => [...card.querySelectorAll("h3, .prompt, .references, .tags")].map((part) => part.textContent).join("\n").toLowerCase();
  const number = (text) => (text === undefined ? -1 : Number(text));
  const drawn = (card) => ({
    card, anchor: card.id, id: card.querySelector("h3").textContent, status: card.dataset.status, takes: card.dataset.takes,
    time: number(card.dataset.time), took: number(card.dataset.took), length: number(card.dataset.length), cost: number(card.dataset.cost),
    text: "",
  });
  const indexed = ([anchor, id, status, takes, time, took, length, cost, words]) => ({
    html: null, anchor, id, status, takes, time: time ?? -1, took: took ?? -1, length: length ?? -1, cost: cost ?? -1,
    text: `${id}\n${words}`.toLowerCase(),
  });
  const unpacking = [];
  const unpacked = async (text) => {
    // Not before the first jobs are drawn.
    await new Promise((after) => requestAnimationFrame(() => setTimeout(after)));
    const bytes = Uint8Array.from(atob(text), (digit) => digit.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  };
  const read = (list) => {
    const entries = [...list.querySelectorAll(":scope > .job")].map(drawn);
    const rest = find(`${list.id}-rest`);
    const index = find(`${list.id}-index`);
    if (rest && index) {
      const packed = JSON.parse(index.textContent).map(indexed);
      entries.push(...packed);
      unpacking.push(unpacked(rest.textContent).then((html) => {
        let at = html.indexOf("<article ");
        for (const entry of packed) {
          const next = html.indexOf("<article ", at + 1);
          entry.html = html.slice(at, next < 0 ? html.length : next);
          at = next;
        }
      }));
      rest.remove();
      index.remove();
    }
    for (const [order, entry] of entries.entries()) Object.assign(entry, { order, list });
    return entries;
  };
  const mould = document.createElement("template");
  const card = (entry) => {
    if (!entry.card) {
      mould.innerHTML = entry.html;
      entry.card = mould.content.firstElementChild;
      adopt(entry.card);
    }
    return entry.card;
  };

  // Blocks of cards; those far away are empty, and as high as they were or would be.
  const blocks = new Map();
  const columns = () => {
    const block = document.querySelector(".block");
    return block ? getComputedStyle(block).gridTemplateColumns.split(" ").length : 1;
  };
  let row = 460;
  const awaited = new Set();
  const fill = (block) => {
    const entries = blocks.get(block);
    if (!entries || block.childElementCount) return;
    if (entries.some(({ card, html }) => !card && !html)) {
      awaited.add(block);
      return;
    }
    for (const entry of entries) {
      const part = card(entry);
      // What moves goes on playing where the browser can do that.
      if (part.isConnected && block.moveBefore) block.moveBefore(part, null); else block.append(part);
    }
    block.style.minHeight = "";
  };
  const empty = (block) => {
    const entries = blocks.get(block);
    if (!entries || !block.childElementCount || entries.some(({ card }) => card.contains(document.activeElement) || card.querySelector("video")?.paused === false)) return;
    block.style.minHeight = `${block.offsetHeight}px`;
    row = block.offsetHeight / Math.ceil(entries.length / columns());
    block.replaceChildren();
    for (const entry of entries) if (entry.html) entry.card = null;
  };
  const inSight = new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen) {
      awaited.delete(target);
      if (isIntersecting) fill(target); else if (all.length > FEW) empty(target);
    }
  }, { rootMargin: "1500px" });

  const lists = [find("jobs"), find("earlier")].filter(Boolean);
  const all = lists.flatMap(read);
  for (const { card } of all) if (card) adopt(card);
  const ready = Promise.all(unpacking).then(() => { for (const block of awaited) fill(block); });

  const lay = (list, entries) => {
    const before = [...list.querySelectorAll(":scope > .block")];
    const made = [];
    for (let at = 0; at < entries.length; at += BLOCK) {
      const block = document.createElement("div");
      block.className = "block";
      const chunk = entries.slice(at, at + BLOCK);
      blocks.set(block, chunk);
      made.push(block);
    }
    list.append(...made);
    const wide = columns();
    for (const block of made) block.style.minHeight = `${Math.ceil(blocks.get(block).length / wide) * row}px`;
    for (const block of made.slice(0, all.length > FEW ? 1 : made.length)) fill(block);
    for (const block of before) { inSight.unobserve(block); blocks.delete(block); block.remove(); }
    for (const left of list.querySelectorAll(":scope > .job")) left.remove();
    for (const block of made) inSight.observe(block);
  };

  // What is shown, in its order.
  const filters = [];
  let shown = [];
  const chosen = () => document.querySelector("input[name=status]:checked").value;
  const names = new Intl.Collator("en", { numeric: true });
  const descending = (name) => (a, b) => b[name] - a[name];
  const orders = {
    order: () => 0,
    id: (a, b) => names.compare(a.id, b.id),
    time: descending("time"),
    took: descending("took"),
    length: descending("length"),
    cost: descending("cost"),
  };
  const show = () => {
    const words = find("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const status = chosen();
    const fits = (entry) => {
      if (status && entry.status !== status) return false;
      if (words.length) entry.text ||= searched(entry.card);
      return words.every((word) => entry.text.includes(word)) && filters.every((filter) => filter(entry));
    };
    const compare = orders[find("sort").value];
    const before = shown;
    // What has no value comes last; equals stay as in the manifest.
    shown = all.filter(fits).sort((a, b) => lists.indexOf(a.list) - lists.indexOf(b.list) || compare(a, b) || a.order - b.order);
    if (shown.length !== before.length || shown.some((entry, at) => entry !== before[at])) {
      for (const list of lists) {
        const entries = shown.filter((entry) => entry.list === list);
        lay(list, entries);
        const section = list.closest(".earlier");
        if (section) section.hidden = entries.length === 0;
      }
    }
    const n = shown.length;
    find("nothing").hidden = n > 0 || all.length === 0;
    find("shown").textContent = n === all.length ? "" : `${counted.format(n)} of ${counted.format(all.length)} shown`;
  };
  const reset = () => {
    find("search").value = "";
    document.querySelector("input[name=status]").checked = true;
    for (const box of document.querySelectorAll(".tools input[type=checkbox]")) box.checked = false;
    show();
  };

  // Goes to a job, filtered out or not, drawn or not.
  const drawnCard = (entry) => {
    if (!entry.card?.isConnected) {
      for (const [block, entries] of blocks) if (entries.includes(entry)) fill(block);
    }
    return entry.card;
  };
  const title = (entry) => drawnCard(entry)?.querySelector("h3 a");
  const entryOf = (part) => { const of = part.closest(".job"); return all.find((entry) => entry.card === of); };
  const visit = () => {
    const anchor = decodeURIComponent(location.hash.slice(1));
    const entry = anchor && all.find((entry) => entry.anchor === anchor);
    if (!entry) return;
    if (!shown.includes(entry)) reset();
    if (drawnCard(entry)) entry.card.scrollIntoView(); else ready.then(() => drawnCard(entry)?.scrollIntoView());
  };
  addEventListener("hashchange", visit);

  // Light or dark: the system's, until the reader chooses.
  const theme = find("theme");
  const paint = (choice) => {
    document.documentElement.dataset.theme = choice;
    theme.textContent = choice === "dark" ? "Light" : "Dark";
    theme.setAttribute("aria-label", choice === "dark" ? "Light theme" : "Dark theme");
  };
  const memory = (act) => { try { return act(localStorage); } catch { return null; } };
  const system = matchMedia("(prefers-color-scheme: dark)");
  const bySystem = () => { paint(system.matches ? "dark" : "light"); };
  const kept = memory((store) => store.getItem("batch-theme"));
  if (kept === "dark" || kept === "light") paint(kept); else { bySystem(); system.addEventListener("change", bySystem); }
  theme.addEventListener("click", () => {
    const choice = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    system.removeEventListener("change", bySystem);
    paint(choice);
    memory((store) => store.setItem("batch-theme", choice));
  });

  let asked = 0;
  find("search").addEventListener("input", () => { cancelAnimationFrame(asked); asked = requestAnimationFrame(show); });
  for (const choice of document.querySelectorAll("input[name=status]")) choice.addEventListener("change", show);
  find("sort").addEventListener("change", show);
  find("clear").addEventListener("click", () => { reset(); find("search").focus(); });

  // Keys: `/` searches, Escape clears; on a job's name the arrows go from job to job and Space plays its first video.
  const steps = { ArrowLeft: () => -1, ArrowRight: () => 1, ArrowUp: () => -columns(), ArrowDown: () => columns() };
  const beside = (from, key) => {
    if (key === "Home") return shown[0];
    if (key === "End") return shown.at(-1);
    return shown[shown.indexOf(from) + steps[key]()];
  };
  const keys = {};
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const typing = event.target.closest("input[type=search], select, textarea");
    if (event.key === "/" && !typing) {
      event.preventDefault();
      find("search").focus();
      find("search").select();
    } else if (event.key === "Escape" && event.target === find("search")) {
      reset();
    } else if (event.key === "Enter" && event.target === find("search")) {
      if (shown[0]) title(shown[0])?.focus();
    } else if (event.target.matches("h3 a")) {
      const entry = entryOf(event.target);
      if (event.key === " ") {
        const video = entry.card.querySelector("video");
        event.preventDefault();
        if (video?.paused) video.play(); else video?.pause();
      } else if (/^(Arrow(Left|Right|Up|Down)|Home|End)$/.test(event.key)) {
        const next = beside(entry, event.key);
        event.preventDefault();
        if (next) { title(next)?.focus(); next.card?.scrollIntoView({ block: "nearest" }); }
      } else if (keys[event.key]) {
        event.preventDefault();
        keys[event.key](entry);
      }
    }
  });

  // On paper everything that is shown is there, within reason.
  const PAPER = 1000;
  addEventListener("beforeprint", () => {
    let n = 0;
    for (const block of blocks.keys()) if ((n += BLOCK) <= PAPER) fill(block);
    find("paper").hidden = shown.length <= PAPER;
  });

  const start = () => {
    localize(document.querySelector(".top"));
    find("tools").hidden = false;
    theme.hidden = false;
    show();
    visit();
  };
  return { adopted, all, card: drawnCard, entryOf, filters, find, keys, memory, show, start };
})();
