//! Puts `host::ring` in the place of liburing's call that makes a ring, for everything that this
//! package links: see `docs/adr/0007-ring-flags-at-link-time.md`.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-link-arg=-Wl,--wrap=__sys_io_uring_setup");
}
