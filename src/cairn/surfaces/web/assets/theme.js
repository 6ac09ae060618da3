// Runs before anything is painted, so that neither a chosen theme nor an empty question flashes.
const chosen = localStorage.getItem("theme");
if (chosen) document.documentElement.dataset.theme = chosen;
if (new URLSearchParams(location.hash.slice(1)).get("q")?.trim()) document.documentElement.dataset.asked = "";
