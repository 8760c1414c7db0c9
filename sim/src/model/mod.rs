//! The rules of a sale written a second time, by looking at everything every time.
