//! Log lines, on standard error. One that is written while a request is worked on names it.

use std::fmt;
use std::io::{self, IsTerminal};

use onsale_net::gateway::{current, trace};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::config::{Config, LogFormat, SettingError};

/// Starts logging as configured. Once in a process.
pub(super) fn start(config: &Config) -> Result<(), SettingError> {
    let log = tracing_subscriber::fmt().with_env_filter(config.log_filter()?);
    // Colours are for people, not for files.
    let is_ansi = io::stderr().is_terminal();
    let log = log.with_writer(io::stderr).with_ansi(is_ansi);
    match config.log.format {
        LogFormat::Json => log.json().map_event_format(|lines| Named(lines, json)).init(),
        LogFormat::Text => {
            log.map_event_format(|lines| Named(lines.with_ansi(is_ansi), text)).init();
        }
    }
    Ok(())
}

/// Lines of another format with the request in them, put there by the second.
struct Named<F>(F, fn(&str, &Request) -> String);

/// What a line says of the request that is being worked on.
struct Request {
    id: String,
    trace: u128,
}

impl<S, N, F> FormatEvent<S, N> for Named<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Self(lines, name) = self;
        let request = current::request_id().zip(trace::current());
        let Some((id, trace)) = request else { return lines.format_event(context, writer, event) };
        let mut line = String::new();
        lines.format_event(context, Writer::new(&mut line), event)?;
        writer.write_str(&name(&line, &Request { id, trace: trace.trace_id() }))
    }
}

fn text(line: &str, request: &Request) -> String {
    let Request { id, trace } = request;
    format!("{} request_id={id} trace_id={trace:032x}\n", line.trim_end_matches('\n'))
}

/// An id is letters, digits and a few signs, so it needs no escapes.
fn json(line: &str, request: &Request) -> String {
    let Request { id, trace } = request;
    let rest = line.strip_prefix('{').unwrap_or(line);
    format!("{{\"request_id\":\"{id}\",\"trace_id\":\"{trace:032x}\",{rest}")
}
