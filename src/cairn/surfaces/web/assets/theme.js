// Runs before anything is painted, so that neither a chosen theme nor what is not asked for flashes.
const chosen = localStorage.getItem("theme");
if (chosen) document.documentElement.dataset.theme = chosen;
const names = [...new URLSearchParams(location.hash.slice(1))].filter(([, value]) => value.trim()).map(([name]) => name);
if (names.length) document.documentElement.dataset.asked = names.join(" ");
