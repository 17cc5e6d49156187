// Search and the map's pointer. Without this file the page is a plain list beside a map.
(() => {
  const plain = (text) => text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase()
    .replace(/œ/g, "oe").replace(/æ/g, "ae").replace(/[^a-z0-9]+/g, " ").replace(/\bste\b/g, "sainte").replace(/\bst\b/g, "saint").trim();
  const rows = [...document.querySelectorAll("#lignes tr")];
  const shapes = new Map([...document.querySelectorAll("path.m")].map((path) => [path.dataset.code, path]));
  const form = document.getElementById("recherche");
  const field = document.getElementById("q");
  const told = document.getElementById("compte");
  const here = document.getElementById("ici");

  const search = () => {
    const words = plain(field.value).split(" ").filter(Boolean);
    let found = 0;
    for (const row of rows) {
      const fits = words.every((word) => row.dataset.find.includes(word));
      row.hidden = !fits;
      found += fits ? 1 : 0;
      const shape = shapes.get(row.dataset.code);
      if (shape) {
        shape.classList.toggle("dim", !fits);
        shape.classList.toggle("found", fits && words.length > 0 && rows.length > 1);
      }
    }
    told.textContent = words.length === 0 ? "" : found === 0 ? "Aucun membre ne correspond."
      : `${found} ${found === 1 ? "membre" : "membres"} sur ${rows.length}`;
  };
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const shown = rows.filter((row) => !row.hidden);
    if (shown.length === 1) shown[0].querySelector("a").click();
  });
  field.addEventListener("input", search);
  search();

  const byCode = new Map(rows.map((row) => [row.dataset.code, row]));
  const map = document.querySelector(".map svg");
  here.hidden = false;
  map.addEventListener("pointerover", (event) => {
    const row = byCode.get(event.target.dataset.code);
    here.textContent = row ? [row.querySelector("a"), row.querySelector("small"), ...row.querySelectorAll("td")]
      .map((cell) => cell.textContent).join(" · ") : "";
  });
  map.addEventListener("click", (event) => {
    const row = byCode.get(event.target.dataset.code);
    if (row) row.querySelector("a").click();
  });
})();
