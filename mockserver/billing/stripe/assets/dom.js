// Elements of the document, and tasks that wait for the pointer.

function node(tag, attributes = {}, ...children) {
  const created = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false)
      created.setAttribute(name, value === true ? "" : value);
  }
  created.append(...children);
  return created;
}

/** Tasks that wait until the pointer is up, so that the layout does not move during a click. */
const pointer = { isDown: false, tasks: [] };

function afterClick(task) {
  if (pointer.isDown) pointer.tasks.push(task);
  else task();
}

function setPointerDown(isDown) {
  pointer.isDown = isDown;
  if (!isDown) setTimeout(() => pointer.tasks.splice(0).forEach((task) => task()));
}

addEventListener("pointerdown", () => setPointerDown(true), true);
addEventListener("pointerup", () => setPointerDown(false), true);
addEventListener("pointercancel", () => setPointerDown(false), true);
