//! Pieces of a page from text. What they are given is text, unless it is said to be markup.

use super::escape;

/// A chart as markup, for screens and for phones, with the table behind it, heading first.
pub(super) fn figure(wide: &str, narrow: &str, caption: &str, values: &[Vec<String>]) -> String {
    format!(
        "<figure>\n<div class=\"wide\">{wide}</div>\n<div class=\"narrow\">{narrow}</div>\n\
         <figcaption>{caption}<div class=\"told\" aria-hidden=\"true\"></div></figcaption>\n\
         <details><summary>The values</summary>{values}</details>\n</figure>\n",
        caption = escape(caption),
        values = table(caption, values),
    )
}

/// A table whose first row is its heading.
pub(super) fn table(name: &str, rows: &[Vec<String>]) -> String {
    let Some((heading, rows)) = rows.split_first() else { return String::new() };
    let heading = all(heading, |cell| format!("<th scope=\"col\">{}</th>", escape(cell)));
    let rows = all(rows, |cells| row(cells));
    format!(
        "<div class=\"card scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table>\n\
         <thead><tr>{heading}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n",
        escape(name)
    )
}

/// A table of names and what is to be said of them.
pub(super) fn rows(name: &str, rows: &[(&str, String)]) -> String {
    let rows = all(rows, |(name, value)| {
        let (name, value) = (escape(name), escape(value));
        format!("<tr><th scope=\"row\">{name}</th><td>{value}</td></tr>\n")
    });
    let label = escape(name);
    format!(
        "<div class=\"card\"><table class=\"text\" aria-label=\"{label}\">\n{rows}</table></div>\n"
    )
}

/// Sentences, one after another.
pub(super) fn list(sentences: &[String]) -> String {
    let items = all(sentences, |sentence| format!("<li>{}</li>\n", escape(sentence)));
    format!("<ul>\n{items}</ul>\n")
}

fn row(cells: &[String]) -> String {
    let cells = all(cells, |cell| format!("<td>{}</td>", escape(cell)));
    format!("<tr>{cells}</tr>\n")
}

/// The markup of each, one after another.
pub(super) fn all<T>(things: &[T], markup: impl Fn(&T) -> String) -> String {
    things.iter().map(markup).collect::<Vec<String>>().concat()
}
