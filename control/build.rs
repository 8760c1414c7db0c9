//! The migrations are compiled in: another one makes another program.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
