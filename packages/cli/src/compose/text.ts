import type { Language } from "./languages.ts";
import type { Random } from "./random.ts";

const LINE_CHARS = 72;
const SENTENCE_WORDS = [5, 18] as const;
const PARAGRAPH_SENTENCES = [2, 6] as const;

export function sentence(random: Random, language: Language): string {
  const count = random.between(...SENTENCE_WORDS);
  let text = random.pickEarly(language.words);
  for (let word = 1; word < count; word++) {
    text += ` ${random.fraction() < 0.04 ? random.between(1, 99_999) : random.pickEarly(language.words)}`;
  }
  return `${text[0]?.toUpperCase()}${text.slice(1)}${random.pick([".", ".", ".", "!", "?"])}`;
}

export function paragraph(random: Random, language: Language): string {
  const count = random.between(...PARAGRAPH_SENTENCES);
  return Array.from({ length: count }, () => sentence(random, language)).join(" ");
}

/** Paragraphs of at least `chars` in all, with lines wrapped at 72 characters. */
export function plainText(random: Random, language: Language, chars: number): string {
  let text = "";
  while (text.length < chars) text += `${wrap(paragraph(random, language))}\r\n\r\n`;
  return text;
}

function wrap(text: string): string {
  let wrapped = "";
  let line = 0;
  for (const word of text.split(" ")) {
    if (line + word.length > LINE_CHARS) {
      wrapped += "\r\n";
      line = 0;
    } else if (line > 0) {
      wrapped += " ";
      line++;
    }
    wrapped += word;
    line += word.length;
  }
  return wrapped;
}
