//! Rules about one Rust file.

use super::Problem;
use super::functions;
use super::source::Source;
use crate::workspace::TextFile;

/// More than one idea hides in a longer file.
const FILE_LINES_MAX: usize = 500;
/// Two files fit side by side.
const LINE_COLUMNS_MAX: usize = 100;
/// Seen whole, without scrolling.
const FUNCTION_LINES_MAX: usize = 70;

/// What is wrong with `file`.
pub fn problems(file: &TextFile) -> Vec<Problem> {
    let source = Source::parse(&file.text);
    let mut found = Vec::new();
    let mut report =
        |line: usize, what: String| found.push(format!("{}:{line}: {what}", file.path));
    check_size(&file.text, &mut report);
    check_header(&file.text, &source, &mut report);
    for (index, code) in source.code.iter().enumerate() {
        check_code(index + 1, code, &mut report);
    }
    for (index, comment) in source.comments.iter().enumerate() {
        check_comment(index + 1, comment, &mut report);
    }
    for function in functions::find(&source) {
        if function.length > FUNCTION_LINES_MAX {
            let (name, length) = (function.name, function.length);
            let what = format!("`{name}` has {length} lines, at most {FUNCTION_LINES_MAX}");
            report(function.line, what);
        }
    }
    found
}

fn check_size(text: &str, report: &mut impl FnMut(usize, String)) {
    let lines = text.lines().count();
    if lines > FILE_LINES_MAX {
        report(lines, format!("the file has {lines} lines, at most {FILE_LINES_MAX}"));
    }
    for (index, line) in text.lines().enumerate() {
        let columns = line.chars().count();
        // An address cannot be broken over two lines.
        if columns > LINE_COLUMNS_MAX && !line.contains("://") {
            report(index + 1, format!("{columns} columns, at most {LINE_COLUMNS_MAX}"));
        }
    }
}

fn check_header(text: &str, source: &Source, report: &mut impl FnMut(usize, String)) {
    let header: Vec<_> = text.lines().take_while(|line| line.starts_with("//!")).collect();
    if header.is_empty() {
        report(1, "no module documentation: start with `//!` and what lives here".to_owned());
    }
    let allows_unsafe = source.code.iter().position(|line| line.contains("allow(unsafe_code)"));
    if let Some(index) = allows_unsafe
        && !header.iter().any(|line| line.contains("unsafe"))
    {
        report(index + 1, "unsafe code, and the file's `//!` does not say why".to_owned());
    }
}

fn check_code(line: usize, code: &str, report: &mut impl FnMut(usize, String)) {
    if code.contains("dbg!") {
        report(line, "`dbg!` is for the moment of debugging".to_owned());
    }
    if code.contains("#[ignore]") {
        report(line, "`#[ignore]` needs a reason: `#[ignore = \"why\"]`".to_owned());
    }
}

fn check_comment(line: usize, comment: &str, report: &mut impl FnMut(usize, String)) {
    for marker in ["TODO", "FIXME"] {
        for (at, _) in comment.match_indices(marker) {
            if !has_owner(&comment[at + marker.len()..]) {
                report(line, format!("`{marker}` without an owner: `{marker}(name)`"));
            }
        }
    }
}

/// Whether `rest` starts with a name in parentheses.
fn has_owner(rest: &str) -> bool {
    let owner = rest.strip_prefix('(').and_then(|rest| rest.split_once(')'));
    owner.is_some_and(|(name, _)| !name.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems_of(text: &str) -> Vec<Problem> {
        problems(&TextFile { path: "a.rs".to_owned(), text: text.to_owned() })
    }

    fn assert_one(text: &str, expected: &str) {
        let found = problems_of(text);
        assert!(found.len() == 1 && found[0].contains(expected), "{found:?}");
    }

    #[test]
    fn a_tidy_file_has_no_problem() {
        let text = "//! What.\n\n// TODO(ada): why\n#[ignore = \"slow\"]\nfn f() {}\n";
        assert_eq!(problems_of(text), Vec::<Problem>::new());
    }

    #[test]
    fn a_file_one_line_too_long_is_reported_and_a_full_one_is_not() {
        let full = format!("//! What.\n{}", "//\n".repeat(FILE_LINES_MAX - 1));
        assert_eq!(problems_of(&full), Vec::<Problem>::new());
        assert_one(&format!("{full}//\n"), "501 lines");
    }

    #[test]
    fn columns_are_counted_in_characters_and_addresses_are_spared() {
        let wide = format!("//! What.\n// {}\n", "é".repeat(LINE_COLUMNS_MAX - 3));
        assert_eq!(problems_of(&wide), Vec::<Problem>::new());
        assert_one(&wide.replace("é\n", "éé\n"), "a.rs:2: 101 columns");
        assert!(problems_of(&wide.replace("é\n", "é://\n")).is_empty());
    }

    #[test]
    fn a_long_function_is_reported_by_name_at_its_line() {
        let body = |lines: usize| format!("//! What.\nfn f() {{\n{}}}\n", "g();\n".repeat(lines));
        assert!(problems_of(&body(FUNCTION_LINES_MAX - 2)).is_empty());
        assert_one(&body(FUNCTION_LINES_MAX - 1), "a.rs:2: `f` has 71 lines");
    }

    #[test]
    fn a_marker_needs_an_owner_in_comments_only() {
        assert_one("//! What.\n// TODO: later\n", "a.rs:2: `TODO` without");
        assert_one("//! What.\n/* FIXME() */\n", "`FIXME` without");
        assert!(problems_of("//! What.\nfn f() { g(\"TODO\") }\n").is_empty());
    }

    #[test]
    fn leftovers_of_debugging_and_silent_ignores_are_reported() {
        assert_one("//! What.\nfn f() { dbg!(1); }\n", "dbg!");
        assert_one("//! What.\n#[ignore]\nfn f() {}\n", "needs a reason");
    }

    #[test]
    fn a_file_says_what_it_is_and_why_it_is_unsafe() {
        assert_one("fn f() {}\n", "no module documentation");
        assert_one("//! What.\n#![allow(unsafe_code)]\n", "does not say why");
        assert!(problems_of("//! What. unsafe: a raw call.\n#![allow(unsafe_code)]\n").is_empty());
    }
}
