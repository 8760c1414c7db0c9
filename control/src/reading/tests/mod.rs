//! What readers see of a small sale, on both databases.

mod box_office;
mod lists;
mod sums;
