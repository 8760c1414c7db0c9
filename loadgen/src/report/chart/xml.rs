//! Text inside markup.

/// `text` so that it is nothing but text, between tags as well as in a quoted attribute of XML and
/// HTML. Control characters, which XML cannot hold, are replaced.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(character),
            control if control.is_control() => escaped.push('\u{FFFD}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_text_stays_text() {
        let escaped = escape("<script>alert(\"a&'b\")\u{0}</script>");
        assert!(!escaped.contains(['<', '>', '"', '\'', '\u{0}']), "{escaped}");
        assert_eq!(escape("a < b & c"), "a &lt; b &amp; c");
    }
}
