//! How long each function is, by matching braces.

use super::source::Source;

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The line (from 1) that has its name.
    pub line: usize,
    /// From that line to its closing brace, both counted.
    pub length: usize,
}

/// All functions of `source` that have a body, in order; nested ones too.
pub fn find(source: &Source) -> Vec<Function> {
    let tokens = tokens(source);
    let starts = tokens.windows(2).enumerate().filter(|(_, pair)| {
        pair[0].text == "fn" && pair[1].text.starts_with(|c: char| c.is_alphabetic() || c == '_')
    });
    starts
        .filter_map(|(index, pair)| {
            let end_line = end_of_body(&tokens[index..])?;
            let line = pair[1].line;
            Some(Function { name: pair[1].text.clone(), line, length: end_line - line + 1 })
        })
        .collect()
}

struct Token {
    text: String,
    line: usize,
}

/// Words, and every other visible character by itself.
fn tokens(source: &Source) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    for (index, text) in source.code.iter().enumerate() {
        let line = index + 1;
        let mut in_word = false;
        for current in text.chars() {
            let is_word = current.is_alphanumeric() || current == '_';
            match tokens.last_mut() {
                Some(last) if is_word && in_word => last.text.push(current),
                _ if current.is_whitespace() => {}
                _ => tokens.push(Token { text: current.to_string(), line }),
            }
            in_word = is_word;
        }
    }
    tokens
}

/// The line of the brace that closes the body; none for a function that is only declared.
fn end_of_body(tokens: &[Token]) -> Option<usize> {
    let mut nesting = 0_i32;
    let mut in_body = false;
    for token in tokens {
        match token.text.as_str() {
            ";" if nesting == 0 => return None,
            "{" if nesting == 0 => {
                in_body = true;
                nesting += 1;
            }
            "(" | "[" | "{" => nesting += 1,
            ")" | "]" | "}" => nesting -= 1,
            _ => {}
        }
        if in_body && nesting == 0 {
            return Some(token.line);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(text: &str) -> Vec<(String, usize, usize)> {
        let functions = find(&Source::parse(text));
        functions.into_iter().map(|f| (f.name, f.line, f.length)).collect()
    }

    #[test]
    fn a_function_reaches_from_its_name_to_its_closing_brace() {
        let text = "/// Doc.\npub fn a(x: [u8; 4]) -> u8 {\n    if x[0] > 1 { 1 } else { 2 }\n}\n";
        assert_eq!(lengths(text), [("a".into(), 2, 3)]);
    }

    #[test]
    fn declarations_and_function_pointers_have_no_length() {
        assert!(lengths("trait T { fn a(&self); }\ntype F = fn(u8) -> u8;\n").is_empty());
    }

    #[test]
    fn a_nested_function_counts_for_both() {
        let text = "fn a() {\n    fn b() {\n        let _ = \"}\";\n    }\n}\n";
        assert_eq!(lengths(text), [("a".into(), 1, 5), ("b".into(), 2, 3)]);
    }
}
