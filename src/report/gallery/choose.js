// Choosing: two takes beside each other, a mark on the one that is taken, and a note. All of it is kept in this browser, and given out as
// a list of ids.
{
  const { adopted, all, card, entryOf, filters, find, keys, memory, show, start } = batch;
  const KEPT = `batch-choice:${location.pathname}`;
  const parsed = (text) => { try { return JSON.parse(text ?? "{}"); } catch { return {}; } };
  const kept = new Map(Object.entries(parsed(memory((store) => store.getItem(KEPT)))));
  const of = (entry) => kept.get(entry.anchor) ?? { video: 0, note: "" };
  const element = (name, parts = {}, ...children) => {
    const made = Object.assign(document.createElement(name), parts);
    made.append(...children);
    return made;
  };

  const keep = (entry, change) => {
    const now = { ...of(entry), ...change };
    if (now.video || now.note) kept.set(entry.anchor, now); else kept.delete(entry.anchor);
    memory((store) => store.setItem(KEPT, JSON.stringify(Object.fromEntries(kept))));
    if (entry.card) mark(entry.card, entry);
    count();
  };
  const mark = (part, entry) => {
    const { video, note } = of(entry);
    const button = part.querySelector(".pick button");
    if (!button) return;
    const several = part.querySelectorAll("video").length > 1;
    button.setAttribute("aria-pressed", String(video > 0));
    button.textContent = video ? (several ? `Chosen: video ${video}` : "Chosen") : "Choose";
    const field = part.querySelector(".pick textarea");
    if (field !== document.activeElement) field.value = note;
    field.hidden = !note && field !== document.activeElement;
    part.classList.toggle("chosen", video > 0);
  };
  const count = () => {
    const chosen = all.filter((entry) => of(entry).video > 0).length;
    find("chosen-count").textContent = String(chosen);
    find("choosing").hidden = ![...kept.values()].length;
  };

  // The videos of a job, and those of its other takes: what asks for the same, once more.
  const takes = (entry) => {
    const group = entry.takes ? all.filter((other) => other.takes === entry.takes) : [entry];
    return group.flatMap((of) => {
      const videos = [...(card(of) ?? made(of)).querySelectorAll("video")];
      return videos.map((video, at) => ({ entry: of, number: at + 1, src: video.getAttribute("src"), label: `${of.id}, video ${at + 1}` }));
    });
  };
  const made = (entry) => {
    const mould = document.createElement("template");
    mould.innerHTML = entry.html ?? "";
    return mould.content.firstElementChild ?? document.createElement("div");
  };
  const isComparable = (part, entry) => part.querySelectorAll("video").length > 1
    || Boolean(entry.takes) && all.some((other) => other !== entry && other.takes === entry.takes);

  adopted.push((part) => {
    queueMicrotask(() => {
      const entry = all.find(({ card }) => card === part);
      if (!entry || part.querySelector(".pick") || !part.querySelector("video")) return;
      const choose = element("button", { type: "button", onclick: () => keep(entry, { video: of(entry).video ? 0 : 1 }) });
      const note = element("button", { type: "button", textContent: "Note", onclick: () => write(entry) });
      const field = element("textarea", { hidden: true, rows: 2, ariaLabel: `Note on ${entry.id}` });
      field.addEventListener("input", () => keep(entry, { note: field.value }));
      field.addEventListener("blur", () => mark(part, entry));
      const tools = [choose, note];
      if (isComparable(part, entry)) tools.push(element("button", { type: "button", textContent: "Compare", onclick: () => compare(entry) }));
      part.querySelector(".words").append(element("div", { className: "pick" }, ...tools, field));
      mark(part, entry);
    });
  });
  const write = (entry) => {
    const field = card(entry).querySelector(".pick textarea");
    if (!field) return;
    field.hidden = false;
    field.focus();
  };

  // Two beside each other.
  const dialog = find("compare");
  const sides = [...dialog.querySelectorAll("figure")].map((figure) => ({
    figure, video: figure.querySelector("video"), select: figure.querySelector("select"), button: figure.querySelector("button"),
  }));
  for (const { video } of sides) video.controls = true;
  let options = [];
  const side = (at) => options[sides[at].select.selectedIndex];
  const see = (at) => {
    const { entry, number, src, label } = side(at);
    const { video, button } = sides[at];
    if (video.getAttribute("src") !== src) video.setAttribute("src", src);
    video.setAttribute("aria-label", label);
    const is = of(entry).video === number;
    button.setAttribute("aria-pressed", String(is));
    button.textContent = is ? "Chosen" : "Choose this";
  };
  const take = (at) => {
    const { entry, number } = side(at);
    const is = of(entry).video === number;
    // Of what was made of one input, one is chosen.
    for (const { entry: other } of options) if (of(other).video) keep(other, { video: 0 });
    if (!is) keep(entry, { video: number });
    see(0);
    see(1);
  };
  const compare = (entry) => {
    options = takes(entry);
    if (options.length < 2) return;
    const first = Math.max(0, options.findIndex((option) => option.entry === entry));
    const second = first + 1 < options.length ? first + 1 : 0;
    for (const [at, index] of [[0, first], [1, second]]) {
      sides[at].select.replaceChildren(...options.map(({ label }) => element("option", { textContent: label })));
      sides[at].select.selectedIndex = index;
      see(at);
    }
    dialog.showModal();
    dialog.querySelector("h2").focus();
  };
  const play = () => {
    const paused = sides.every(({ video }) => video.paused);
    for (const { video } of sides) if (paused) video.play(); else video.pause();
  };
  for (const [at, { select, button }] of sides.entries()) {
    select.addEventListener("change", () => see(at));
    button.addEventListener("click", () => take(at));
  }
  find("play-both").addEventListener("click", play);
  dialog.addEventListener("close", () => { for (const { video } of sides) { video.pause(); video.removeAttribute("src"); video.load(); } });
  dialog.addEventListener("keydown", (event) => {
    if (event.target.matches("select") || event.target.matches("button") && /^( |Enter)$/.test(event.key)) return;
    if (event.key === " ") { event.preventDefault(); play(); }
    if (event.key === "1" || event.key === "ArrowLeft") take(0);
    if (event.key === "2" || event.key === "ArrowRight") take(1);
  });

  // The list of ids: of jobs that are chosen, with which video it is where there are several, and the note.
  const lines = () => all.filter((entry) => of(entry).video || of(entry).note).map((entry) => {
    const { video, note } = of(entry);
    return [entry.id, video ? `video ${video}` : "not chosen", note.replace(/\s+/g, " ")].join("\t").trimEnd();
  });
  const out = find("list");
  const ids = () => all.filter((entry) => of(entry).video).map((entry) => entry.id).join("\n");
  const text = out.querySelector("textarea");
  const withNotes = find("with-notes");
  const fillList = () => { text.value = withNotes.checked ? lines().join("\n") : ids(); };
  find("give-out").addEventListener("click", () => { fillList(); out.showModal(); text.select(); });
  withNotes.addEventListener("change", () => { fillList(); text.select(); });
  find("save-list").addEventListener("click", () => {
    const link = element("a", { href: URL.createObjectURL(new Blob([`${text.value}\n`], { type: "text/plain" })), download: "chosen.txt" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
  for (const button of document.querySelectorAll("dialog .close")) button.addEventListener("click", () => button.closest("dialog").close());

  const only = find("only-chosen");
  filters.push((entry) => !only.checked || of(entry).video > 0);
  only.addEventListener("change", show);
  keys.c = (entry) => { if (card(entry).querySelector("video")) keep(entry, { video: of(entry).video ? 0 : 1 }); };
  keys.n = write;
  keys.x = compare;
  for (const { card: part } of all) if (part) for (const act of adopted) act(part);
  count();
  start();
}
