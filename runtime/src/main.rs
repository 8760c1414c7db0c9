//! The binary `onsale`. Everything it does is in [`onsale_runtime::cli`].

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A heap for each thread, so that cores do not meet in the allocator either. Without huge pages:
/// of the buffers of tens of thousands of waiting connections only the first page is ever touched.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    onsale_runtime::cli::main()
}
