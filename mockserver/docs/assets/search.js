"use strict";
// Finds parts of the page. The index is made of the page's own text at the first search.
const engine = (() => {
  const noise = new Set(("a about all an and any are as at be can do does for from get how i if " +
    "in is it me my of on or our the that there this to was what when where which who why will " +
    "with you your").split(" "));
  const kinds = { operation: 1.3, guide: 1.12, "how-to": 1.05, response: 1, header: 1, schema: .6 };
  const weights = { title: 9, name: 5, head: 4, field: 3.6, body: 1 };

  const stems = new Map();
  const stem = (word) => {
    if (!stems.has(word)) stems.set(word, stemOf(word));
    return stems.get(word);
  };
  const stemOf = (word) => {
    if (word.length < 4 || /\d/.test(word)) return word;
    let short = word.replace(/ie[sd]$/, "y").replace(/(ss|us|is)$|s$/, "$1");
    if (short.length > 5) short = short.replace(/(?:ing|ed)$/, "");
    if (short.length > 3) short = short.replace(/e$/, "");
    return short.replace(/([bcdfgklmnprstvz])\1$/, "$1");
  };
  const split = (text) => text.replace(/([a-z\d])([A-Z])/g, "$1 $2").toLowerCase()
    .match(/[\p{L}\p{N}]+/gu) || [];
  // The words of a text, and compound names such as balance_after or Retry-After as one word.
  const tokens = (text) => {
    const compounds = text.toLowerCase().match(/[\p{L}\p{N}]+(?:[_-][\p{L}\p{N}]+)+/gu) || [];
    return [...split(text).map(stem), ...compounds.map((name) => stem(name.replace(/[_-]/g, "")))];
  };

  // The number of edits from one word to another, transpositions included; at most limit + 1.
  const distance = (from, to, limit) => {
    if (Math.abs(from.length - to.length) > limit) return limit + 1;
    let before = [], row = Array.from({ length: to.length + 1 }, (_, at) => at);
    for (let i = 1; i <= from.length; i++) {
      const next = [i];
      for (let j = 1; j <= to.length; j++) {
        const cost = from[i - 1] === to[j - 1] ? 0 : 1;
        next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + cost);
        if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) {
          next[j] = Math.min(next[j], before[j - 2] + 1);
        }
      }
      if (Math.min(...next) > limit) return limit + 1;
      before = row;
      row = next;
    }
    return row[to.length];
  };

  const commonPrefix = (one, other) => {
    let length = 0;
    while (length < one.length && one[length] === other[length]) length++;
    return length;
  };

  // entries: {kind, title, name, heads, fields, body}; synonyms: {phrase: [phrases]}
  return (entries, synonyms) => {
    const postings = new Map();
    const add = (word, at, weight) => {
      if (!postings.has(word)) postings.set(word, new Map());
      const places = postings.get(word), kept = places.get(at);
      if (kept) { kept.count++; kept.weight = Math.max(kept.weight, weight); }
      else places.set(at, { weight, count: 1 });
    };
    entries.forEach((entry, at) => {
      for (const word of tokens(entry.title)) add(word, at, weights.title);
      for (const word of tokens(entry.name)) add(word, at, weights.name);
      for (const word of tokens(entry.heads)) add(word, at, weights.head);
      for (const field of entry.fields) {
        for (const word of tokens(field)) add(word, at, weights.field);
      }
      for (const word of tokens(entry.body)) add(word, at, weights.body);
      entry.stems = new Set(split(entry.title).filter((word) => !noise.has(word)).map(stem));
    });
    const words = [...postings.keys()];

    // The words of the index that a word of a query may mean, with the certainty of each.
    const meanings = (word) => {
      const found = new Map();
      if (postings.has(word)) found.set(word, 1);
      if (word.length < 2) return found;
      for (const other of words) {
        if (other !== word && other.startsWith(word)) {
          found.set(other, (found.size && postings.has(word) ? .35 : .8)
            * Math.sqrt(word.length / other.length));
        }
      }
      if (found.size || /^\d+$/.test(word)) return found;
      const limit = word.length < 4 ? 0 : word.length < 8 ? 1 : 2;
      let nearest = limit;
      for (const other of limit ? words : []) {
        const edits = distance(word, other, nearest);
        if (edits > nearest) continue;
        if (edits < nearest) found.clear();
        nearest = edits;
        found.set(other, .6);
      }
      if (found.size) return found;
      for (const other of words) {
        const common = commonPrefix(word, other);
        const rest = Math.max(word.length, other.length) - common;
        if (common >= 4 && (common >= 5 || common === other.length) && rest <= common) {
          found.set(other, .5);
        }
      }
      return found;
    };

    // Each word of a query; a compound name that the index has is one word.
    const pieces = (query) => query.toLowerCase().split(/\s+/).filter(Boolean).flatMap((piece) => {
      const joined = stem((piece.match(/[\p{L}\p{N}]+/gu) || []).join(""));
      const isName = /[_-]/.test(piece) && words.some((word) => word.startsWith(joined));
      return isName ? [joined] : split(piece);
    });
    const terms = (query) => {
      const all = pieces(query), useful = all.filter((word) => !noise.has(word));
      return [...new Set((useful.length ? useful : all).map(stem))];
    };

    const scored = (query) => {
      const asked = terms(query), sums = new Map(), corrections = new Map();
      for (const word of asked) {
        const best = new Map(), found = meanings(word);
        if (found.size && !found.has(word)) corrections.set(word, [...found.keys()]);
        for (const [other, certainty] of found) {
          const places = postings.get(other);
          const rarity = Math.log(1 + entries.length / (places.size + .5)) + .3;
          for (const [at, { weight, count }] of places) {
            const worth = certainty * rarity * (weight + Math.min(2, Math.log2(count) / 2));
            if (worth > (best.get(at)?.worth || 0)) best.set(at, { worth, weight, other });
          }
        }
        for (const [at, { worth, weight, other }] of best) {
          const sum = sums.get(at) || { total: 0, matched: 0, inTitle: 0, words: [] };
          sum.total += worth;
          sum.matched++;
          if (weight === weights.title) sum.inTitle++;
          sum.words.push(other);
          sums.set(at, sum);
        }
      }
      const phrase = asked.join(" ");
      return [...sums].map(([at, sum]) => {
        const entry = entries[at], stems = entry.stems.size || 1;
        const share = sum.inTitle / Math.max(stems, asked.length);
        const whole = [...entry.stems].join(" ") === phrase ? 1.3 : 1;
        const coverage = (sum.matched / asked.length) ** 2;
        const score = sum.total * coverage * (kinds[entry.kind] || 1) * (1 + share) * whole;
        return { entry, score, words: sum.words, complete: sum.matched === asked.length };
      });
    };

    // The query with each phrase of the table replaced. Phrases may be misspelt by one letter.
    const table = Object.entries(synonyms).map(([phrase, others]) =>
      [split(phrase).map(stem).filter(Boolean), others]);
    const isLike = (word, known) => word === known
      || (known.length > 4 && !postings.has(word) && distance(word, known, 1) < 2);
    const versions = (query) => {
      const asked = pieces(query).map(stem), found = [];
      for (const [phrase, others] of table) {
        for (let at = 0; phrase.length && at + phrase.length <= asked.length; at++) {
          if (!phrase.every((known, place) => isLike(asked[at + place], known))) continue;
          const before = asked.slice(0, at), after = asked.slice(at + phrase.length);
          const factor = 1 + phrase.length / 4 + (phrase.length === asked.length ? .5 : 0);
          for (const other of others) found.push([[...before, other, ...after].join(" "), factor]);
        }
      }
      return found;
    };

    const find = (query) => {
      const best = new Map();
      const take = (hits, factor) => {
        for (const hit of hits) {
          const kept = best.get(hit.entry);
          const score = hit.score * factor;
          if (!kept || score > kept.score) best.set(hit.entry, { ...hit, score });
        }
      };
      take(scored(query), 1);
      for (const [version, factor] of versions(query)) take(scored(version), factor);
      const hits = [...best.values()].sort((one, other) => other.score - one.score);
      const least = hits.length ? hits[0].score / 25 : 0;
      return hits.filter((hit) => hit.score > least).slice(0, 20);
    };

    // The titles that are most like a query for which nothing was found.
    const suggest = (query) => {
      const pairs = (text) => new Set(Array.from(text.slice(1), (_, at) => text.slice(at, at + 2)));
      const asked = pairs(split(query).join(" "));
      return entries.filter((entry) => entry.kind === "operation" || entry.kind === "guide"
        || entry.kind === "how-to")
        .map((entry) => {
          const own = pairs(split(entry.title).join(" "));
          const shared = [...asked].filter((pair) => own.has(pair)).length;
          return { entry, score: shared / (asked.size + own.size || 1), words: [] };
        })
        .sort((one, other) => other.score - one.score).slice(0, 3);
    };
    return { find, suggest };
  };
})();

(() => {
  const { byId, all, make } = page;
  const box = byId("search"), found = byId("found"), count = byId("count");
  if (!box) return;
  let index = null, selected = -1;
  const squeezed = (text) => text.replace(/\s+/g, " ").trim();
  // The text of an element without buttons, forms and copies, and without other elements.
  const textOf = (node, ...without) => {
    const filter = (inner) => {
      if (inner.nodeType === Node.TEXT_NODE) return NodeFilter.FILTER_ACCEPT;
      const isLeftOut = inner.tagName === "BUTTON" || without.includes(inner)
        || inner.className === "try" || inner.className === "unfolded f";
      return isLeftOut ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_SKIP;
    };
    const kinds = NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT;
    const walker = document.createTreeWalker(node, kinds, filter), pieces = [];
    while (walker.nextNode()) pieces.push(walker.currentNode.data);
    return squeezed(pieces.join(" "));
  };
  const schemas = new Map();
  // The fields of a part with those of the schemas that it links, as far as its depth allows.
  const isLarge = Boolean(document.querySelector("main.many"));
  const fieldsOf = (part, depth) => {
    const own = all(":scope .v", part).map((name) => {
      return { name: name.textContent, id: (name.closest("li") || {}).id };
    });
    if (!depth) return own;
    const linked = all("a.r", part).flatMap((link) => {
      const id = link.getAttribute("href").slice(1), key = id + depth;
      if (!schemas.has(key)) {
        schemas.set(key, []);
        const home = byId(id);
        if (home) schemas.set(key, fieldsOf(home, depth - 1));
      }
      return schemas.get(key);
    });
    return [...own, ...linked];
  };
  const entryOf = (kind, part, heading, more = {}) => {
    const call = part.querySelector(":scope > .u");
    const isCall = kind === "operation";
    const fields = fieldsOf(part, isCall ? (isLarge ? 1 : 3) : 0);
    const places = new Map(fields.reverse().map((field) => [field.name, field.id]));
    const title = heading ? squeezed(textOf(heading, heading.querySelector(".m"))) : "";
    return {
      kind, title, target: part.id || (heading && heading.id) || "top", places,
      place: call ? textOf(call) : "",
      name: [part.id.replace(/^[a-z]+-/, ""), call ? textOf(call) : ""].join(" "),
      heads: all("h2, h3, h4, h5, h6", part).filter((other) => other !== heading)
        .map((other) => other.textContent).join(" "),
      fields: [...places.keys()], body: "body" in more ? more.body : textOf(part, heading, call),
    };
  };
  // What is on other pages: JSON in the page, with addresses instead of targets.
  const slug = (title) => title.toLowerCase().replace(/[^\w\- ]/g, "").replaceAll(" ", "-");
  const linked = (title, place, body, href) => ({
    kind: href.includes("#operation-") ? "operation" : "how-to", title, place, body, href,
    target: "", places: new Map(), name: place, heads: "", fields: [],
  });
  const linkedEntries = () => JSON.parse((byId("entries") || {}).textContent || "[]")
    .flatMap((entry) => [
      linked(entry.title, "", entry.text, entry.href),
      ...entry.parts.map(([title, text = "", anchor = slug(title)]) =>
        linked(title, entry.title, text, `${entry.href}#${anchor}`)),
    ]);
  const buildEntries = () => {
    const titled = (part) => part.querySelector("h1, h2, h3, h4");
    const operations = all(".o").map((part) => entryOf("operation", part, titled(part)));
    const guides = all(".g").map((part) => entryOf("guide", part, titled(part)));
    const shared = all(".sh").map((part) =>
      entryOf(part.id.startsWith("response-") ? "response" : "schema", part, titled(part)));
    const headers = all("#headers ~ ul > li[id^=header-]").map((part) =>
      entryOf("header", part, part.querySelector(".v")));
    const inline = all(".o [id^=schema-]").map((part) =>
      entryOf("schema", part, part.querySelector(".y, summary"), {
        body: all(":scope > .d", part).map((text) => textOf(text)).join(" "),
      }));
    return [...operations, ...guides, ...headers, ...shared, ...inline, ...linkedEntries()];
  };
  const synonyms = () => {
    try { return JSON.parse(byId("content").dataset.synonyms || "{}"); } catch { return {}; }
  };
  const getIndex = () => index || (index = engine(buildEntries(), synonyms()));

  const marked = (text, words) => {
    const low = text.toLowerCase();
    const hits = words.map((word) => low.indexOf(word)).filter((at) => at >= 0);
    const start = Math.max(0, (hits.length ? Math.min(...hits) : 0) - 30);
    const first = start && low.indexOf(" ", start) + 1;
    const cut = text.slice(first, first + 140);
    let rest = first + 140 < text.length ? cut.replace(/\s\S*$/, "") : cut;
    const pieces = first ? ["\u2026"] : [];
    if (!words.length) return [...pieces, rest];
    const escaped = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    const any = new RegExp("(?<![\\p{L}\\p{N}])(?:" + escaped.join("|") + ")[\\p{L}\\p{N}]*", "iu");
    for (let hit = any.exec(rest); hit && hit[0]; hit = any.exec(rest)) {
      pieces.push(rest.slice(0, hit.index), make("mark", {}, hit[0]));
      rest = rest.slice(hit.index + hit[0].length);
    }
    return [...pieces, rest];
  };
  const close = () => {
    found.hidden = true;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
    selected = -1;
  };
  const select = (at) => {
    const hits = found.querySelectorAll(".hit");
    if (!hits.length) return;
    selected = (at + hits.length) % hits.length;
    hits.forEach((hit, place) => hit.setAttribute("aria-selected", String(place === selected)));
    hits[selected].scrollIntoView({ block: "nearest" });
    box.setAttribute("aria-activedescendant", hits[selected].id);
  };
  const flat = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
  // The field that a query names, if it names one: whole, or its beginning with a separator.
  const fieldIn = (entry, query) => {
    const asked = flat(query), isCompound = /[_-]/.test(query);
    if (asked.length < 3 || flat(entry.title).includes(asked)) return null;
    const name = entry.fields.find((field) => flat(field) === asked)
      || (isCompound && entry.fields.find((field) => flat(field).startsWith(asked)));
    return name ? { name, id: entry.places.get(name) } : null;
  };
  const shownHit = ({ entry, words }, place, query) => {
    const hit = make("div", { className: "hit", id: "hit-" + place }, make("b", {}, entry.title));
    const field = fieldIn(entry, query), typed = query.toLowerCase().split(/\s+/).filter(Boolean);
    const texts = typed.filter((word) => (word.length > 2 || !typed[1])
      && entry.body.toLowerCase().includes(word));
    const marks = texts.length ? texts : words;
    const where = [entry.place, entry.kind === "operation" ? "" : entry.kind].filter(Boolean);
    if (where.length) hit.append(make("span", {}, where.join(" ")));
    if (field) hit.append(make("span", {}, ...marked(field.name, [query.trim().toLowerCase()])));
    else hit.append(make("span", {}, ...marked(entry.body, marks)));
    hit.setAttribute("role", "option");
    hit.setAttribute("aria-selected", "false");
    hit.dataset.target = entry.target;
    if (entry.href) hit.dataset.href = entry.href;
    if (field && field.id) hit.dataset.field = field.id;
    return hit;
  };
  const search = () => {
    const query = box.value;
    if (!query.trim()) return close();
    let hits = getIndex().find(query), note = "";
    if (!hits.length) {
      hits = getIndex().suggest(query);
      note = "Nothing found" + (hits.length ? ". Did you mean one of these?" : "");
    }
    found.replaceChildren(...hits.map((hit, place) => shownHit(hit, place, query)));
    count.textContent = note || hits.length + " found";
    if (note) found.prepend(make("div", { className: "none" }, note));
    found.hidden = false;
    box.setAttribute("aria-expanded", "true");
    if (note) selected = -1; else select(0);
  };
  const go = (hit) => {
    const { field, target: whole } = hit.dataset, id = field && byId(field) ? field : whole;
    close();
    box.value = "";
    box.blur();
    if (hit.dataset.href) return location.assign(hit.dataset.href);
    if (location.hash === "#" + id) dispatchEvent(new Event("hashchange"));
    else location.hash = id;
    const target = byId(id);
    target.tabIndex = -1;
    target.focus({ preventScroll: true });
  };
  box.parentElement.hidden = false;
  box.addEventListener("input", search);
  box.addEventListener("focus", () => { if (box.value) search(); });
  box.addEventListener("blur", () => setTimeout(close, 150));
  box.addEventListener("keydown", (event) => {
    const hits = found.hidden ? [] : found.querySelectorAll(".hit");
    if (event.key === "ArrowDown") select(selected + 1);
    else if (event.key === "ArrowUp") select(selected - 1);
    else if (event.key === "Enter" && hits.length) go(hits[Math.max(0, selected)]);
    else if (event.key === "Escape") { box.value = ""; close(); box.blur(); }
    else return;
    event.preventDefault();
  });
  found.addEventListener("mousedown", (event) => {
    const hit = event.target.closest(".hit");
    if (!hit) return;
    event.preventDefault();
    go(hit);
  });
  document.addEventListener("keydown", (event) => {
    const isCommand = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k";
    if (!isCommand) {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target.closest("input, textarea, select")) return;
    }
    event.preventDefault();
    box.focus();
    box.select();
  });
})();
