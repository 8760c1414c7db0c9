//! The binary `onsale`. Everything it does is in [`onsale_runtime::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    onsale_runtime::cli::main()
}
