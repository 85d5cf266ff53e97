// Search, filter, sort, theme, keys; videos are loaded when they come into sight. Without this the page shows everything.
"use strict";
{
  const find = (id) => document.getElementById(id);
  const lists = [find("jobs"), find("earlier")].filter(Boolean);
  const cards = lists.flatMap((list) => [...list.children].map((card, order) => ({ card, list, order, text: "" })));
  const counted = new Intl.NumberFormat("en");

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
  for (const video of document.querySelectorAll("video")) {
    near.observe(video);
    video.addEventListener("error", () => { video.nextElementSibling.hidden = false; });
    video.addEventListener("loadedmetadata", () => { video.nextElementSibling.hidden = true; });
  }

  // Times as the reader's clock has them.
  const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  for (const time of document.querySelectorAll("time")) {
    time.title = time.textContent;
    time.textContent = local.format(new Date(time.dateTime));
  }

  // What is searched: id, prompt, references and tags.
  const searched = (card) => [...card.querySelectorAll("h3, .prompt, .references, .tags")].map((part) => part.textContent).join("\n").toLowerCase();
  const chosen = () => document.querySelector("input[name=status]:checked").value;
  const show = () => {
    const words = find("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const status = chosen();
    let n = 0;
    for (const entry of cards) {
      entry.text ||= searched(entry.card);
      const fits = (!status || entry.card.dataset.status === status) && words.every((word) => entry.text.includes(word));
      entry.card.hidden = !fits;
      n += fits;
    }
    for (const list of lists) {
      const section = list.closest(".earlier");
      if (section) section.hidden = [...list.children].every((card) => card.hidden);
    }
    find("nothing").hidden = n > 0 || cards.length === 0;
    find("shown").textContent = n === cards.length ? "" : `${counted.format(n)} of ${counted.format(cards.length)} shown`;
  };

  // Sorting: what has no value comes last; equals stay as in the manifest.
  const descending = (name) => (a, b) => (b.card.dataset[name] ?? -1) - (a.card.dataset[name] ?? -1);
  const orders = {
    order: () => 0,
    id: (a, b) => a.card.querySelector("h3").textContent.localeCompare(b.card.querySelector("h3").textContent, "en", { numeric: true }),
    time: descending("time"),
    took: descending("took"),
    length: descending("length"),
    cost: descending("cost"),
  };
  const sort = () => {
    const compare = orders[find("sort").value];
    for (const list of lists) {
      const sorted = cards.filter((entry) => entry.list === list).sort((a, b) => compare(a, b) || a.order - b.order);
      // What is in its place stays there, and what moves goes on playing where the browser can do that.
      const move = (list.moveBefore ?? list.insertBefore).bind(list);
      let place = list.firstElementChild;
      for (const { card } of sorted) {
        if (card === place) place = place.nextElementSibling; else move(card, place);
      }
    }
  };

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

  const reset = () => {
    find("search").value = "";
    document.querySelector("input[name=status]").checked = true;
    show();
  };
  let asked = 0;
  find("search").addEventListener("input", () => { cancelAnimationFrame(asked); asked = requestAnimationFrame(show); });
  for (const choice of document.querySelectorAll("input[name=status]")) choice.addEventListener("change", show);
  find("sort").addEventListener("change", sort);
  find("clear").addEventListener("click", () => { reset(); find("search").focus(); });

  // A link to a job that is filtered out shows it.
  addEventListener("hashchange", () => {
    const card = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (card?.hidden) { reset(); card.scrollIntoView(); }
  });

  // Keys: `/` searches, Escape clears; on a job's name the arrows go from job to job and Space plays its first video.
  const title = (card) => card.querySelector("h3 a");
  const beside = (from, key) => {
    const visible = lists.flatMap((list) => [...list.children].filter((card) => !card.hidden));
    const at = visible.indexOf(from);
    if (key === "Home") return visible[0];
    if (key === "End") return visible.at(-1);
    if (key === "ArrowLeft") return visible[at - 1];
    if (key === "ArrowRight") return visible[at + 1];
    // Up and down: the nearest in the row above or below.
    const { left, top } = from.getBoundingClientRect();
    const down = key === "ArrowDown";
    const rest = down ? visible.slice(at + 1) : visible.slice(0, at).reverse();
    let best = null;
    let row = null;
    for (const card of rest) {
      const box = card.getBoundingClientRect();
      if (Math.abs(box.top - top) < 1) continue;
      row ??= box.top;
      if (Math.abs(box.top - row) > 1) break;
      if (!best || Math.abs(box.left - left) < Math.abs(best.left - left)) best = { card, left: box.left };
    }
    return best?.card;
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest("input[type=search], select");
    if (event.key === "/" && !typing) {
      event.preventDefault();
      find("search").focus();
      find("search").select();
    } else if (event.key === "Escape" && event.target === find("search")) {
      reset();
    } else if (event.key === "Enter" && event.target === find("search")) {
      const first = beside(null, "Home");
      if (first) title(first).focus();
    } else if (event.target.matches("h3 a")) {
      const card = event.target.closest(".job");
      if (event.key === " ") {
        const video = card.querySelector("video");
        event.preventDefault();
        if (video?.paused) video.play(); else video?.pause();
      } else if (/^(Arrow(Left|Right|Up|Down)|Home|End)$/.test(event.key)) {
        const next = beside(card, event.key);
        event.preventDefault();
        if (next) { title(next).focus(); next.scrollIntoView({ block: "nearest" }); }
      }
    }
  });

  find("tools").hidden = false;
  theme.hidden = false;
  show();
}
