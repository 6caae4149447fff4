"use strict";
// Finds parts of the page. The index is made of the page's own text at the first search.
const engine = (() => {
  const noise = new Set(("a about after all am an and any are as at be been but by can could do " +
    "does endpoint for from get had has have how i id if in into is it its me mean much many my " +
    "need not of on or our should so that the their then there they this to too up us use using " +
    "want was we what when where which who why will with would you your").split(" "));
  const kinds = {
    operation: 1.3, page: 1.15, guide: 1.12, "how-to": 1.08, response: .9, header: .9, schema: .6,
  };
  const weights = { title: 9, named: 7, name: 5, heads: 4, fields: 3.6, found: 2.5, body: 1 };
  // A mention in a text covers a word of the query less than a name does.
  const inBody = .5;

  const stems = new Map();
  const stem = (word) => {
    if (!stems.has(word)) stems.set(word, stemOf(word));
    return stems.get(word);
  };
  const stemOf = (word) => {
    if (word.length < 4 || /\d/.test(word)) return word;
    let short = word.replace(/ie[sd]$/, "y").replace(/(ss|us|is)$|s$/, "$1")
      .replace(/ifi?ca.+/, "ify").replace(/is(?=ation)/, "iz");
    if (short.length > 7) short = short.replace(/l?(?:ation|ate)$/, "");
    if (short.length > 5) short = short.replace(/(?:ing|ed|ly)$/, "");
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

  // entries: {kind, title, named, name, heads, fields, found, body}
  // synonyms: "phrase,...=instead,...;..."
  return (entries, synonyms) => {
    const postings = new Map();
    // The name of a field as readers copy it: an underscore, then its letters.
    const copied = (name) => /[a-z\d]_[a-z]/i.test(name) ? "_" + stem(split(name).join("")) : "";
    const add = (text, at, weight, found = tokens(text)) => {
      for (const word of found) {
        if (!postings.has(word)) postings.set(word, new Map());
        const places = postings.get(word), kept = places.get(at);
        if (kept) { kept.count++; kept.weight = Math.max(kept.weight, weight); }
        else places.set(at, { weight, count: 1 });
      }
    };
    const useful = (words) => words.filter((word) => !noise.has(word));
    entries.forEach((entry, at) => {
      for (const part of Object.keys(weights)) {
        for (const text of [entry[part] || ""].flat()) add(text, at, weights[part]);
      }
      add("", at, weights.named, (entry.fields || []).map(copied).filter(Boolean));
      const title = split(entry.title);
      entry.stems = new Set(useful(title).map(stem));
      // Some write two words of a title as one.
      if (entry.kind === "schema") return;
      title.forEach((word, place) => place && add(title[place - 1] + word, at, weights.title));
    });
    const words = [...postings.keys()];

    // The words of the index that a word of a query may mean, with the certainty of each.
    const meanings = (word) => {
      const found = new Map(), isKnown = postings.has(word);
      if (isKnown) found.set(word, 1);
      if (word.length < (isKnown ? 4 : 2)) return found;
      for (const other of words) {
        if (other !== word && other.startsWith(word)) {
          found.set(other, (isKnown ? .35 : .8) * Math.sqrt(word.length / other.length));
        }
      }
      if (found.size || /^\d+$/.test(word)) return found;
      // Typing errors are likelier than other endings, but only with one letter.
      const misspelt = (edits) => {
        for (const other of words) if (distance(word, other, edits) === edits) found.set(other, .6);
      };
      if (word.length > 3) misspelt(1);
      if (found.size) return found;
      for (const other of words) {
        const common = commonPrefix(word, other);
        const rest = Math.max(word.length, other.length) - common;
        if (common >= 4 && (common >= 5 || common === other.length) && rest <= common) {
          found.set(other, .5);
        }
      }
      if (!found.size && word.length > 7) misspelt(2);
      return found;
    };
    const rarityOf = (count) => Math.log(1 + entries.length / (count + .5)) + .3;
    const hits = new Map();
    // The entries that a word finds, with what it is worth there.
    const hitsOf = (word) => {
      if (hits.has(word)) return hits.get(word);
      const best = new Map();
      for (const [other, certainty] of meanings(word)) {
        const places = postings.get(other);
        const rarity = rarityOf(places.size);
        for (const [at, { weight, count }] of places) {
          const worth = certainty * rarity * (weight + Math.min(2, Math.log2(count) / 2));
          if (worth <= (best.get(at)?.worth || 0)) continue;
          best.set(at, { worth, other, weight, cover: weight > 1 ? 1 : count > 2 ? .85 : inBody });
        }
      }
      hits.set(word, best);
      return best;
    };

    // Whether a name is the field of few entries: its words alone mean less then.
    const isFieldOfFew = (name) => {
      const places = [...hitsOf(name).values()].filter(({ weight }) => weight >= weights.fields);
      return places.length > 0 && places.length < 9;
    };
    // The words of a text, and spans of them that are one name: X-API-Key, top up, ratelimit.
    const read = (text) => {
      const found = [], spans = [];
      const span = (at, size, ...option) => spans.push({ at, size, option });
      for (const piece of text.split(/\s+/)) {
        const all = split(piece), long = all.filter((part) => part.length > 1);
        const parts = long.length ? long : all, exact = copied(piece);
        const isKnown = (name) => words.some((word) => word.startsWith(name));
        const name = exact && isKnown(exact) ? exact : stem(all.join(""));
        if (all.length > 1 && isKnown(name)) {
          span(found.length, parts.length, name);
          spans.at(-1).isField = long.length === all.length && isFieldOfFew(name);
        }
        found.push(...parts);
      }
      const stemmed = found.map(stem);
      stemmed.forEach((word, at) => {
        const next = stemmed[at + 1], pair = stem(found[at] + found[at + 1]);
        const isField = spans.some((known) => known.at === at && known.isField);
        if (next && !isField && postings.has(pair)) span(at, 2, pair);
        for (let cut = 3; !postings.has(word) && cut < word.length - 2; cut++) {
          const parts = [word.slice(0, cut), word.slice(cut)].map(stem);
          if (parts.every((part) => postings.has(part))) span(at, 1, ...parts);
        }
      });
      return { words: found, stems: stemmed, spans };
    };
    // A phrase of the table means its words, or the names in it. The first phrase is the likeliest.
    const optionsOf = (text, place) => {
      const { stems: all, spans } = read(text), certainty = .9 - place / 5, names = [...all];
      for (const { at, size, option } of spans) {
        if (size > 1) names.splice(at, size, option[0], ...Array(size - 1).fill(""));
      }
      return [[all, certainty], [names.filter(Boolean), certainty]];
    };
    const table = synonyms.split(";").filter(Boolean).flatMap((group) => {
      const [phrases, others] = group.split("="), options = others.split(",").flatMap(optionsOf);
      return phrases.split(",").map((phrase) => [split(phrase).map(stem).join(""), options]);
    });
    // Phrases of the table may be misspelt by one letter, and be written as one word or as several.
    const isLike = (phrase, ...readings) => readings.some((some) => {
      const joined = some.join("");
      return joined === phrase || [...some].reverse().join("") === phrase || (phrase.length > 4
        && !some.every((word) => postings.has(word)) && distance(joined, phrase, 1) < 2);
    });
    // The slots of a query: some of its words, and the options of what to look for instead.
    const slotsOf = (query) => {
      const { words: asked, stems: all, spans } = read(query), slots = [], taken = [];
      for (const [phrase, options] of table) {
        for (let at = 0; at < all.length; at++) {
          for (let size = 1; size < 6 && at + size <= all.length; size++) {
            const some = all.slice(at, at + size);
            const own = some.filter((_, place) => !noise.has(asked[at + place]));
            const needsNoise = !isLike(phrase, own);
            if (needsNoise && !isLike(phrase, some)) continue;
            spans.push({ at, size, options, needsNoise });
          }
        }
      }
      all.forEach((_, at) => spans.push({ at, size: 1 }));
      spans.sort((one, other) => other.size - one.size);
      const isAllNoise = asked.every((word) => noise.has(word));
      for (const { at, size, option, isField, needsNoise, ...span } of spans) {
        const options = span.options || (option ? [[option, 1]] : []);
        const places = Array.from({ length: size }, (_, place) => at + place);
        let slot = slots.find((known) => known.at === at && known.size === size);
        if (!slot && places.some((place) => taken[place])) continue;
        if (!slot) {
          const own = places.filter((place) => isAllNoise || !noise.has(asked[place]));
          if (!own.length && !options.length) continue;
          slot = { at, size, weight: option ? own.length : size, options: [] };
          // Where words like "how many" are a part of a phrase, its other words alone mean less.
          const certainty = isField ? .25 : needsNoise ? own.length / size : 1;
          if (own.length) slot.options.push([own.map((place) => all[place]), certainty]);
          slots.push(slot);
          for (const place of places) taken[place] = true;
        }
        slot.options.push(...options);
      }
      return slots;
    };

    // What the best option of a slot finds in each entry.
    const bestOf = (slot) => {
      const best = new Map();
      for (const [option, certainty] of slot.options) {
        const sums = new Map();
        for (const word of option) {
          for (const [at, { worth, other, weight, cover }] of hitsOf(word)) {
            if (!sums.has(at)) sums.set(at, { worth: 0, count: 0, words: [], titles: [] });
            const sum = sums.get(at);
            sum.worth += worth;
            sum.count += cover;
            sum.words.push(other);
            if (weight >= weights.named) sum.titles.push(other);
          }
        }
        for (const [at, sum] of sums) {
          const share = sum.count / option.length;
          const worth = certainty * share * sum.worth / option.length;
          const rank = worth * (sum.titles.length ? 1.5 : 1), isOwn = certainty === 1;
          if (rank <= (best.get(at)?.rank || 0)) continue;
          best.set(at, { ...sum, worth, rank, share, isOwn, size: option.length });
        }
      }
      return best;
    };

    const find = (query) => {
      const slots = slotsOf(query), sums = new Map();
      const nothing = { total: 0, matched: 0, size: 0, isOwn: true };
      let asked = 0, count = 0;
      for (const slot of slots) {
        const places = bestOf(slot), rarity = slot.weight * rarityOf(places.size);
        const { length } = slot.options[0][0];
        count += length;
        asked += places.size && rarity;
        for (const [at, best] of places) {
          if (!sums.has(at)) sums.set(at, { ...nothing, words: [], titles: [] });
          const sum = sums.get(at);
          sum.total += slot.weight * best.worth;
          sum.matched += rarity * best.share;
          sum.size += best.size - length;
          sum.isOwn &&= best.isOwn;
          sum.words.push(...best.words);
          sum.titles.push(...best.titles);
        }
      }
      const found = [...sums].map(([at, sum]) => {
        const entry = entries[at];
        const inTitle = [...entry.stems].filter((word) =>
          sum.titles.some((title) => title.includes(word))).length;
        const size = count + sum.size, named = new Set(sum.titles).size;
        const share = Math.min(1, Math.max(
          inTitle / Math.max(entry.stems.size || 1, size), named / size / 2));
        const coverage = (sum.matched / asked) ** 1.7;
        const isExact = sum.isOwn && (slots.length > 1 || slots[0].size > 1);
        const whole = share < 1 || entry.kind === "schema" ? 1 : isExact ? 2.2 : 1.3;
        // A query without a verb rather means reading than writing.
        const reads = /^(GET|get_|list_)/.test(entry.href ? entry.named : entry.place);
        const kind = kinds[entry.place || !entry.href ? entry.kind : "page"]
          * (reads ? 1.08 : 1) * (1 - (entry.order || 0) / 200);
        const score = sum.total * coverage * kind * (1 + share) * whole;
        return { entry, score, words: sum.words };
      }).sort((one, other) => other.score - one.score);
      const least = found.length ? found[0].score / 25 : 0;
      return found.filter((hit) => hit.score > least).slice(0, 20);
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
      named: part.dataset.words,
      name: [part.id.replace(/^[a-z]+-/, ""), call ? textOf(call) : ""].join(" "),
      heads: all(isCall ? ".d :is(h4, h5, h6)" : "h2, h3, h4, h5, h6", part)
        .filter((other) => other !== heading).map((other) => other.textContent).join(" "),
      fields: [...places.keys()], body: "body" in more ? more.body : textOf(part, heading, call),
    };
  };
  // What is on other pages: JSON in the page, with addresses instead of targets.
  const slug = (title) => title.toLowerCase().replace(/[^\w\- ]/g, "").replaceAll(" ", "-");
  const linked = (order, href, title, place, words = "", body = "", around = "") => {
    const [, kind = "how-to"] = /#(operation|guide|response|header)-/.exec(href) || [];
    const [named, found] = words.split("|");
    return { kind, order, title, place, named, found, body, href, name: place + around,
      places: new Map(), target: "", fields: [] };
  };
  const linkedEntries = () => JSON.parse((byId("entries") || {}).textContent || "[]")
    .flatMap(([title, href, words, text, parts], order) => [
      linked(order, href, title, "", words, text),
      ...parts.map(([part, own, about, anchor = slug(part)]) =>
        linked(order, `${href}#${anchor}`, part, title, own, about, " " + words)),
    ]);
  const buildEntries = () => {
    const titled = (part) => part.querySelector("h1, h2, h3, h4");
    const operations = all(".o").map((part) => entryOf("operation", part, titled(part)));
    const guides = all(".g:not(.index)").map((part) => entryOf("guide", part, titled(part)));
    const shared = all(".sh").map((part) =>
      entryOf(part.id.startsWith("response-") ? "response" : "schema", part, titled(part)));
    const headers = all("#headers ~ ul > li[id^=header-]").map((part) =>
      entryOf("header", part, part.querySelector(".v")));
    const inline = all(".o [id^=schema-]").map((part) =>
      entryOf("schema", part, part.querySelector("span:not(.p), .y, summary"), {
        body: all(":scope > .d", part).map((text) => textOf(text)).join(" "),
      }));
    return [...operations, ...guides, ...headers, ...shared, ...inline, ...linkedEntries()];
  };
  const synonyms = () => byId("content").dataset.synonyms || "";
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
