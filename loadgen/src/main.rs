//! The binary `onsale-loadgen`. Everything it does is in [`onsale_loadgen::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    onsale_loadgen::cli::main()
}
