import type { Language } from "./languages.ts";
import type { Random } from "./random.ts";
import { paragraph, sentence } from "./text.ts";

const CELL =
  'style="padding:12px 24px;font-family:Helvetica,Arial,sans-serif;font-size:14px;line-height:20px;color:#333333"';

/** The HTML part of a letter: paragraphs. */
export function letterHtml(random: Random, language: Language, chars: number): string {
  let body = "";
  while (body.length < chars) body += `<p>${paragraph(random, language)}</p>\r\n`;
  return `<!DOCTYPE html>\r\n<html lang="${language.code}"><body>\r\n${body}</body></html>\r\n`;
}

/**
 * A newsletter as mailing programs send it: tables, the same style in every cell, tracked links. It compresses well.
 */
export function newsletterHtml(random: Random, language: Language, chars: number): string {
  let rows = "";
  while (rows.length < chars) {
    const link = `https://click.example.com/c/${random.uint32().toString(16)}${random.uint32().toString(16)}`;
    rows +=
      `<tr><td align="left" valign="top" ${CELL}>\r\n<h2>${sentence(random, language)}</h2>\r\n` +
      `<p>${paragraph(random, language)}</p>\r\n<a href="${link}" ${CELL}>${sentence(random, language)}</a>\r\n</td></tr>\r\n`;
  }
  return (
    `<!DOCTYPE html>\r\n<html lang="${language.code}"><head><meta charset="utf-8"></head><body>\r\n` +
    `<img src="cid:logo" width="120" height="40" alt="">\r\n<table role="presentation" width="600">\r\n${rows}</table>\r\n</body></html>\r\n`
  );
}
