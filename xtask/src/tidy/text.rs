//! Rules about any text file: no trailing space, and nothing in it that does harm.

use super::Problem;
use crate::workspace::TextFile;

/// Text that must not be in the repository.
struct Banned {
    start: &'static str,
    /// How many letters and digits must follow: a prefix named in documentation is harmless.
    followed_by: usize,
    because: &'static str,
}

/// Each is written in two halves, so this file may hold them.
const BANNED: [Banned; 8] = [
    Banned {
        start: concat!("<<<<", "<<< "),
        followed_by: 0,
        because: "a merge was left half done",
    },
    Banned { start: concat!("sk_", "live_"), followed_by: 8, because: "a live payment key" },
    Banned { start: concat!("rk_", "live_"), followed_by: 8, because: "a live payment key" },
    Banned { start: concat!("rzp_", "live_"), followed_by: 8, because: "a live payment key" },
    Banned { start: concat!("wh", "sec_"), followed_by: 24, because: "a webhook secret" },
    Banned { start: concat!("gh", "p_"), followed_by: 24, because: "an access token" },
    Banned { start: concat!("AK", "IA"), followed_by: 16, because: "a cloud access key" },
    Banned {
        start: concat!("PRIVATE ", "KEY-----\n"),
        followed_by: 24,
        because: "a private key; let a test generate its own",
    },
];

/// What is wrong with `file`.
pub fn problems(file: &TextFile) -> Vec<Problem> {
    let mut found = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        if line.ends_with([' ', '\t']) {
            found.push(format!("{}:{}: trailing space", file.path, index + 1));
        }
    }
    for banned in &BANNED {
        for (at, start) in file.text.match_indices(banned.start) {
            let rest = &file.text[at + start.len()..];
            if rest.chars().take_while(char::is_ascii_alphanumeric).count() >= banned.followed_by {
                let line = file.text[..at].lines().count().max(1);
                let (start, because) = (start.trim(), banned.because);
                found.push(format!("{}:{line}: `{start}`: {because}", file.path));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems_of(text: &str) -> Vec<Problem> {
        problems(&TextFile { path: "a.md".to_owned(), text: text.to_owned() })
    }

    #[test]
    fn trailing_space_is_reported_with_its_line() {
        assert_eq!(
            problems_of("a\nb \nc\t\n"),
            ["a.md:2: trailing space", "a.md:3: trailing space"]
        );
    }

    #[test]
    fn a_secret_is_reported_and_its_bare_prefix_is_not() {
        let prefix = concat!("keys start with sk_", "live_");
        assert!(problems_of(prefix).is_empty());
        assert_eq!(problems_of(&format!("x\n{prefix}4eC39HqLyjWD")).len(), 1);
    }

    #[test]
    fn a_half_done_merge_is_reported() {
        let found = problems_of(concat!("a\n<<<<", "<<< HEAD\nb\n"));
        assert!(found.len() == 1 && found[0].starts_with("a.md:1: "), "{found:?}");
    }
}
