//! Clients must keep going: one who stops in the middle of a request or of an answer would keep its
//! connection, and with it a place among those that a core takes, for ever.

mod body;
mod stream;

pub(super) use self::body::PatientBody;
pub(super) use self::stream::PatientStream;
