// What makes pages easier where scripts run; everything here can be done without them.
(() => {
  "use strict";

  // The menu's groups close by Escape, by a click elsewhere, and when the focus goes on: nothing stays covered.
  const groups = () => document.querySelectorAll(".menu details[open]");
  const closeOthers = (target) => {
    for (const group of groups()) if (!group.contains(target)) group.open = false;
  };
  document.addEventListener("click", (event) => closeOthers(event.target));
  document.addEventListener("focusin", (event) => closeOthers(event.target));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const group of groups()) {
      group.open = false;
      group.querySelector("summary").focus();
    }
  });

  // Cells copied from a spreadsheet are spread over the grid from the field that they are pasted into.
  const grid = document.getElementById("entry-grid");
  if (grid)
    grid.addEventListener("paste", (event) => {
      const first = event.target.closest("td");
      const text = event.clipboardData.getData("text/plain").replace(/\r/g, "").replace(/\n$/, "");
      if (!first || !/[\t\n]/.test(text)) return;
      event.preventDefault();
      const rows = [...grid.tBodies[0].rows];
      const top = rows.indexOf(first.parentElement);
      const left = first.cellIndex;
      let last = event.target;
      text.split("\n").forEach((line, down) =>
        line.split("\t").forEach((cell, right) => {
          const field = rows[top + down]?.cells[left + right]?.querySelector("input");
          if (!field) return;
          field.value = cell.trim().slice(0, field.maxLength);
          field.dispatchEvent(new Event("input", { bubbles: true }));
          last = field;
        }),
      );
      last.focus();
    });
})();
