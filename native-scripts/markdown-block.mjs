/**
 * `text` with `content` between its lines `<!-- NAME:start -->` and `<!-- NAME:end -->`; throws unless each is there once,
 * in this order.
 */
export function replaceBlock(text, name, content) {
  const [start, end] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`];
  const [before, inside, ...more] = text.split(start);
  const [, after, ...rest] = inside?.split(end) ?? [];
  if (after === undefined || more.length > 0 || rest.length > 0) {
    throw new Error(`the text must have ${start} and, below it, ${end}, each once`);
  }
  return `${before}${start}\n${content.trim()}\n${end}${after}`;
}
