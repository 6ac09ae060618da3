// Says where something stands, as a person would: the same words as the command line's.

const span = (what, [first, last]) => (first === last ? `${what} ${first}` : `${what}s ${first}–${last}`);

export function place(at) {
  if (at.page) return `page ${at.page}`;
  if (at.slide) return `slide ${at.slide}${at.shape ? `, ${at.shape}` : ""}`;
  if (at.cells) return at.sheet ? `${at.sheet}!${at.cells}` : at.cells;
  if (at.path) return at.path;
  if (at.lines) return span("line", at.lines);
  const heading = at.heading?.at(-1) ?? "";
  if (at.paragraphs) return [heading, span("paragraph", at.paragraphs)].filter(Boolean).join(", ");
  return at.sheet || heading;
}
