//! Numbered seats.
