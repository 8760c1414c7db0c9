//! A mail server that takes letters and keeps them: enough of SMTP (RFC 5321) for a client to have
//! a whole conversation, and ways to go wrong in the middle of one.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// How a server behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// It takes everything.
    Good,
    /// It does not know SMTPUTF8.
    Old,
    /// It knows nobody.
    KnowsNobody,
    /// It is busy, after it has taken the letter.
    Busy,
    /// It hangs up in the middle of a letter.
    HangsUp,
}

/// A mail server.
pub struct MailSink {
    pub address: SocketAddr,
    taken: Arc<Mutex<Vec<Taken>>>,
}

/// A letter that was taken.
#[derive(Clone, Debug)]
pub struct Taken {
    pub from: String,
    pub to: String,
    pub content: String,
}

impl MailSink {
    /// Starts one.
    pub async fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let taken = Arc::<Mutex<Vec<Taken>>>::default();
        let keep = Arc::clone(&taken);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let keep = Arc::clone(&keep);
                tokio::spawn(async move {
                    // A client may go away at any time.
                    let _ = converse(stream, mood, &keep).await;
                });
            }
        });
        Self { address, taken }
    }

    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }
}

async fn converse(stream: TcpStream, mood: Mood, taken: &Mutex<Vec<Taken>>) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let (mut from, mut to) = (String::new(), String::new());
    write.write_all(b"220 sink.example ESMTP\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        let command = line.to_ascii_uppercase();
        let reply = match command.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" if mood == Mood::Old => "250-sink.example\r\n250 8BITMIME",
            "EHLO" => "250-sink.example\r\n250-8BITMIME\r\n250 SMTPUTF8",
            "MAIL" => {
                line.clone_into(&mut from);
                "250 ok"
            }
            "RCPT" if mood == Mood::KnowsNobody => "550 no such user here",
            "RCPT" => {
                line.clone_into(&mut to);
                "250 ok"
            }
            "DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                let mut content = String::new();
                while let Some(line) = lines.next_line().await? {
                    if mood == Mood::HangsUp {
                        return Ok(());
                    }
                    if line == "." {
                        break;
                    }
                    content.push_str(line.strip_prefix('.').unwrap_or(&line));
                    content.push('\n');
                }
                if mood == Mood::Busy {
                    "451 try again later"
                } else {
                    let (from, to) = (from.clone(), to.clone());
                    taken.lock().unwrap().push(Taken { from, to, content });
                    "250 taken"
                }
            }
            "QUIT" => {
                write.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            "NOOP" | "RSET" => "250 ok",
            _ => "500 what?",
        };
        write.write_all(format!("{reply}\r\n").as_bytes()).await?;
    }
    Ok(())
}
