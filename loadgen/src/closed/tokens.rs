//! The guests' tokens, kept in a file from run to run: one a line.

use std::fs;
use std::io;
use std::path::Path;

use super::ClosedError;

/// The tokens in the file; none if it is not there yet.
pub(super) fn read(path: &Path) -> Result<Vec<String>, ClosedError> {
    let failed = |problem| ClosedError::Tokens { path: path.to_owned(), problem };
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        text => text.map_err(|error| failed(error.to_string()))?,
    };
    let is_token =
        |line: &str| !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_graphic());
    match text.lines().position(|line| !is_token(line)) {
        Some(index) => {
            let line = index + 1;
            Err(failed(format!("line {line} is no token; name another file, or delete this one")))
        }
        None => Ok(text.lines().map(str::to_owned).collect()),
    }
}

/// Keeps the tokens, unless the file has as many already.
pub(super) fn write(path: &Path, tokens: &[String]) -> Result<(), ClosedError> {
    let failed = |error: io::Error| ClosedError::Tokens {
        path: path.to_owned(),
        problem: error.to_string(),
    };
    if read(path)?.len() >= tokens.len() {
        return Ok(());
    }
    let mut text = tokens.join("\n");
    text.push('\n');
    fs::write(path, text).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_read_again_and_more_is_not_replaced_by_less() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens");
        assert_eq!(read(&path).unwrap(), [""; 0]);
        let tokens = ["a.b.c".to_owned(), "d.e.f".to_owned()];
        write(&path, &tokens).unwrap();
        write(&path, &tokens[..1]).unwrap();
        assert_eq!(read(&path).unwrap(), tokens);
    }

    #[test]
    fn what_is_no_token_is_refused_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens");
        fs::write(&path, "a.b.c\nnot a token\n").unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("line 2"));
        assert!(read(folder.path()).is_err(), "a folder");
    }
}
