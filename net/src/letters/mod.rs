//! Bringing letters: as files, or by a mail server. What they say, and when they are tried again,
//! is the control plane's ([`onsale_control::accounts::letters`]).
//!
//! Deliberately absent: an address or a text in a log. A letter is named by its id.

mod files;
mod smtp;

use lettre::Message;
use lettre::address::AddressError;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MessageBuilder};
use onsale_control::accounts::letters::Letter;
use onsale_control::accounts::letters::deliver::CourierError;
use thiserror::Error;

pub use self::files::LetterFiles;
pub use self::smtp::{MailServer, NotAMailServer};

/// Who letters are from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender(Mailbox);

/// The text names no sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be an address, or a name and an address, such as \"Onsale <tickets@example.org>\"")]
pub struct NotASender;

impl Sender {
    /// The sender in `text`: `Onsale <tickets@example.org>`, or the address alone.
    pub fn parse(text: &str) -> Result<Self, NotASender> {
        text.parse().map(Self).map_err(|_: AddressError| NotASender)
    }

    /// A letter in the form that goes over the wire (RFC 5322).
    fn message(&self, letter: &Letter) -> Result<Message, CourierError> {
        let refused = |reason: String| CourierError::Refused(reason);
        let address = lettre::Address::new(letter.to.local(), letter.to.host());
        let to = Mailbox::new(None, address.map_err(|error| refused(error.to_string()))?);
        let message = MessageBuilder::new()
            .from(self.0.clone())
            .to(to)
            // The same when it is sent again: whoever gets two can tell.
            .message_id(Some(format!("<{}@{}>", letter.id, self.0.email.domain())))
            .subject(&letter.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(letter.text.clone());
        message.map_err(|error| refused(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use onsale_control::accounts::email::Email;
    use onsale_control::id::LetterId;

    use super::*;

    pub(super) fn letter(to: &str, subject: &str) -> Letter {
        Letter {
            id: LetterId::random(),
            to: Email::parse(to).unwrap(),
            subject: subject.to_owned(),
            text: "Hello,\n.\nA line with a dot alone, and umlauts: äöü.\n".to_owned(),
        }
    }

    fn written(letter: &Letter) -> String {
        let sender = Sender::parse("Onsale Tickets <tickets@example.org>").unwrap();
        String::from_utf8(sender.message(letter).unwrap().formatted()).unwrap()
    }

    #[test]
    fn a_letter_says_from_whom_to_whom_and_which_it_is() {
        let letter = letter("Ada@Bücher.example", "Onsale: Confirm your e-mail address");
        let text = written(&letter);
        for header in [
            "From: \"Onsale Tickets\" <tickets@example.org>\r\n".to_owned(),
            "To: Ada@xn--bcher-kva.example\r\n".to_owned(),
            "Subject: Onsale: Confirm your e-mail address\r\n".to_owned(),
            format!("Message-ID: <{}@example.org>\r\n", letter.id),
        ] {
            assert!(text.contains(&header), "{header} is not in\n{text}");
        }
    }

    #[test]
    fn nothing_in_a_letter_becomes_a_header() {
        let text = written(&letter("ada@example.org", "Hi\r\nBcc: eve@example.org\r\n\r\nHello"));
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        assert!(!head.lines().any(|line| line.starts_with("Bcc:")), "{head}");
    }

    #[test]
    fn a_sender_is_an_address_with_or_without_a_name() {
        for right in ["tickets@example.org", "Onsale <tickets@example.org>"] {
            assert!(Sender::parse(right).is_ok(), "{right}");
        }
        for wrong in
            ["", "Onsale", "Onsale <>", "a@b@c", "Onsale <tickets@example.org>\r\nBcc: e@x.y"]
        {
            assert!(Sender::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
