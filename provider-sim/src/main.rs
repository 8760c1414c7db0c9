//! The binary `onsale-provider-sim`: the simulator on an address, for servers, SDKs and load.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Parser;
use onsale_provider_sim::{Config, World, serve};
use tokio::net::TcpListener;

/// Stand-ins for six payment providers.
#[derive(Debug, Parser)]
#[command(name = "onsale-provider-sim", version)]
struct Arguments {
    /// The address to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:9090")]
    listen: SocketAddr,
    /// Where notices go; `http://127.0.0.1:8080/api/v1/webhooks`, say. The provider is added
    #[arg(long)]
    notify_url: Option<String>,
    /// Where browsers and merchants reach the simulator, if not at the address it listens on.
    #[arg(long)]
    public_url: Option<String>,
    /// How long to wait before a notice that was not accepted is sent again; doubles six times.
    #[arg(long, default_value_t = 500)]
    retry_pause_ms: u64,
    /// How late notices are that are asked to be late.
    #[arg(long, default_value_t = 60_000)]
    late_after_ms: u64,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let listener = TcpListener::bind(arguments.listen).await?;
    let address = format!("http://{}", listener.local_addr()?);
    let clock = Arc::new(now_ms);
    let config = Config {
        public_url: arguments.public_url.unwrap_or_else(|| address.clone()),
        notify_url: arguments.notify_url,
        retry_pause: Duration::from_millis(arguments.retry_pause_ms),
        late_after: Duration::from_millis(arguments.late_after_ms),
        // Every start has names of its own, unless it named more than one thing each millisecond.
        first_serial: now_ms(),
    };
    let world = World::new(config, clock)?;
    println!("{address}");
    tokio::select! {
        ended = serve(listener, world) => ended?,
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    Ok(())
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
