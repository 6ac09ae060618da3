// Elements, made in one expression; and how many of something there are, in words.

export const make = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};

export const counted = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;
