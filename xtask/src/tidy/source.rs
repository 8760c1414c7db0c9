//! Rust source taken apart into code and comments, line by line.
//!
//! Not a parser: it knows only where comments, strings and characters begin and end, which is
//! all that rules about lines, words and braces need.

/// A Rust file in two layers of equally many lines.
pub struct Source {
    /// The code, with comments removed and the insides of strings and characters blanked.
    pub code: Vec<String>,
    /// The comments, documentation included, without the code.
    pub comments: Vec<String>,
}

impl Source {
    /// Takes `text` apart. Text that is not Rust gives some answer, never a panic.
    pub fn parse(text: &str) -> Self {
        let mut splitter = Splitter::new(text);
        while splitter.step() {}
        let lines = |layer: &str| layer.lines().map(|line| line.trim_end().to_owned()).collect();
        Self { code: lines(&splitter.code), comments: lines(&splitter.comments) }
    }
}

struct Splitter {
    chars: Vec<char>,
    at: usize,
    code: String,
    comments: String,
}

impl Splitter {
    fn new(text: &str) -> Self {
        let chars = text.chars().collect();
        Self { chars, at: 0, code: String::new(), comments: String::new() }
    }

    /// Consumes one token; false at the end.
    fn step(&mut self) -> bool {
        let Some(current) = self.peek(0) else { return false };
        match current {
            '/' if self.peek(1) == Some('/') => self.line_comment(),
            '/' if self.peek(1) == Some('*') => self.block_comment(),
            '"' => self.string(0, true),
            '\'' if self.is_character() => self.character(),
            _ if current.is_alphabetic() || current == '_' => self.word(),
            _ => self.copy(),
        }
        true
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn copy(&mut self) {
        self.push(|layers, current| layers.0.push(current));
    }

    fn blank(&mut self) {
        self.push(|layers, _| layers.0.push(' '));
    }

    fn comment(&mut self) {
        self.push(|layers, current| layers.1.push(current));
    }

    /// Consumes one character; a new line goes to both layers, so they stay aligned.
    fn push(&mut self, place: impl Fn((&mut String, &mut String), char)) {
        let Some(current) = self.peek(0) else { return };
        self.at += 1;
        if current == '\n' {
            self.code.push('\n');
            self.comments.push('\n');
        } else {
            place((&mut self.code, &mut self.comments), current);
        }
    }

    fn line_comment(&mut self) {
        while self.peek(0).is_some_and(|current| current != '\n') {
            self.comment();
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        while self.peek(0).is_some() {
            match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('*')) => depth += 1,
                (Some('*'), Some('/')) => depth -= 1,
                _ => {
                    self.comment();
                    continue;
                }
            }
            self.comment();
            self.comment();
            if depth == 0 {
                return;
            }
        }
    }

    /// An identifier, a keyword, or the prefix of a raw, byte or C string.
    fn word(&mut self) {
        let start = self.at;
        while self.peek(0).is_some_and(|current| current.is_alphanumeric() || current == '_') {
            self.copy();
        }
        let word: String = self.chars[start..self.at].iter().collect();
        let is_raw = matches!(word.as_str(), "r" | "br" | "cr");
        if !is_raw {
            return;
        }
        let hashes = self.chars[self.at..].iter().take_while(|&&sign| sign == '#').count();
        if self.peek(hashes) == Some('"') {
            for _ in 0..hashes {
                self.copy();
            }
            self.string(hashes, false);
        }
    }

    /// A string whose closing quote is followed by `hashes` signs.
    fn string(&mut self, hashes: usize, escapes: bool) {
        self.copy();
        while let Some(current) = self.peek(0) {
            if escapes && current == '\\' {
                self.blank();
                self.blank();
            } else if current == '"' && (1..=hashes).all(|ahead| self.peek(ahead) == Some('#')) {
                self.copy();
                return;
            } else {
                self.blank();
            }
        }
    }

    /// Whether the quote here opens a character rather than names a lifetime.
    fn is_character(&self) -> bool {
        self.peek(1) == Some('\\') || self.peek(2) == Some('\'')
    }

    fn character(&mut self) {
        self.copy();
        if self.peek(0) == Some('\\') {
            self.blank();
        }
        self.blank();
        while self.peek(0).is_some_and(|current| current != '\'' && current != '\n') {
            self.blank();
        }
        self.copy();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        Source::parse(text).code.join("\n")
    }

    #[test]
    fn comments_leave_the_code_and_keep_their_lines() {
        let source = Source::parse("a(); // {\n/* { /* } */\n{ */ b();\n");
        assert_eq!(source.code, ["a();", "", " b();"]);
        assert_eq!(source.comments, ["// {", "/* { /* } */", "{ */"]);
    }

    #[test]
    fn braces_in_strings_are_not_code() {
        assert_eq!(code(r#"f("{ \" {", '{', '\'', b'}')"#), r#"f("      ", ' ', '  ', b' ')"#);
        assert_eq!(code("r#\"{\"{\"# + br\"{\" + x"), "r#\"   \"# + br\" \" + x");
    }

    #[test]
    fn a_lifetime_is_not_an_open_character() {
        assert_eq!(code("fn f<'a>(x: &'a str) {}"), "fn f<'a>(x: &'a str) {}");
    }

    #[test]
    fn a_comment_sign_inside_a_string_starts_no_comment() {
        assert_eq!(Source::parse("f(\"// TODO\")").comments, Vec::<String>::new());
    }

    #[test]
    fn text_cut_off_anywhere_is_still_answered() {
        let text = "/* a */ r##\"x\"## 'c' '\\n' \"s\\\"\" // end";
        for end in 0..=text.len() {
            Source::parse(&text[..end]);
        }
    }
}
