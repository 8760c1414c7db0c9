//! Durable holds of one hot event beside others doing the same, or nothing.

use onsale_testbed::{find_postgres, find_redis};

use crate::bench::Bench;
use crate::bench::load::Load;
use crate::bench::peers::{Postgres, Redis, Script};
use crate::bench::record::{Row, Target};
use crate::bench::statistics::Series;
use crate::process::Outcome;
use crate::server::Server;

const POSTGRES: &str = "PostgreSQL with its own settings (fsync and synchronous_commit on), one \
    hot row with room to be updated in place, pgbench with prepared statements over TCP; the best \
    of all ways is compared.";
const REDIS: &str = "Redis with appendonly and appendfsync always, the reservation in Lua by \
    EVALSHA, redis-benchmark without pipelining; each hold has a key of its own.";

/// Beside `/healthz` of the same server, on the same core.
pub fn nothing(bench: &Bench) -> Outcome<Vec<Row>> {
    let mut rows = Vec::new();
    for (connections, least) in [(bench.scale.many, 0.6), (bench.scale.few, 0.4)] {
        let label = format!("do-nothing route, {connections} connections");
        let mut nothing = Series::new(label, "requests/s");
        let mut holds = Holds::new(connections);
        for round in 0..bench.scale.rounds {
            let server = bench.server()?;
            let seen = Load::of(bench, "healthz", connections).run(bench, &server)?;
            holds.notes.extend(seen.doubts());
            bench.add(round, &mut nothing, seen.per_s("healthz"));
            holds.measure_on(bench, round, &server)?;
        }
        let what = format!("durable holds ÷ requests that do nothing, {connections} connections");
        let name = format!("nothing-{connections}");
        rows.push(holds.row(&name, &what, Target::AtLeast(least), nothing));
    }
    Ok(rows)
}

/// Beside PostgreSQL: the best of two ways and two numbers of clients.
pub fn postgres(bench: &Bench) -> Outcome<Vec<Row>> {
    let folder = bench.scratch.path().join("postgres");
    let peer = Postgres::start(find_postgres()?, &folder, &bench.cores.server)?;
    let version = peer.version()?;
    let mut ways = Vec::new();
    for script in [Script::ForUpdate, Script::SingleStatement] {
        for clients in bench.scale.postgres_clients {
            let label = format!("PostgreSQL {version}, {}, {clients} clients", script.label());
            ways.push((script, clients, Series::new(label, "holds/s")));
        }
    }
    let mut ours = Holds::few_and_many(bench);
    for round in 0..bench.scale.rounds {
        for (script, clients, series) in &mut ways {
            let (seconds, cores) = (bench.scale.seconds, &bench.cores.load);
            let per_s = peer.holds_per_s(*script, *clients, seconds, cores)?;
            bench.add(round, series, per_s);
        }
        for holds in &mut ours {
            holds.measure(bench, round)?;
        }
    }
    ways.sort_by(|(.., a), (.., b)| b.median().total_cmp(&a.median()));
    let mut ways = ways.into_iter().map(|(.., series)| series);
    let best = ways.next().unwrap_or_else(|| Series::new("", ""));
    let others: Vec<_> = ways.collect();
    let rows = ours.into_iter().map(|holds| {
        let connections = holds.connections;
        let what = format!("durable holds ÷ PostgreSQL, ours at {connections} connections");
        let name = format!("postgres-{connections}");
        let row = holds.row(&name, &what, Target::AtLeast(20.0), best.clone());
        row.with(others.clone()).note([POSTGRES.to_owned()])
    });
    Ok(rows.collect())
}

/// Beside Redis.
pub fn redis(bench: &Bench) -> Outcome<Vec<Row>> {
    find_redis()?;
    let peer = Redis::start(&bench.scratch.path().join("redis"), &bench.cores.server)?;
    let clients = bench.scale.few;
    let label = format!("Redis {}, Lua, appendfsync always, {clients} clients", peer.version()?);
    let mut theirs = Series::new(label, "holds/s");
    let mut ours = Holds::few_and_many(bench);
    for round in 0..bench.scale.rounds {
        let per_s = peer.holds_per_s(clients, bench.scale.seconds, &bench.cores.load)?;
        bench.add(round, &mut theirs, per_s);
        for holds in &mut ours {
            holds.measure(bench, round)?;
        }
    }
    let rows = ours.into_iter().zip([2.0, 1.0]).map(|(holds, least)| {
        let connections = holds.connections;
        let what = format!("durable holds ÷ Redis, ours at {connections} connections");
        let name = format!("redis-{connections}");
        holds.row(&name, &what, Target::AtLeast(least), theirs.clone()).note([REDIS.to_owned()])
    });
    Ok(rows.collect())
}

/// Our side: durable holds over HTTP.
struct Holds {
    connections: u32,
    series: Series,
    notes: Vec<String>,
}

impl Holds {
    fn new(connections: u32) -> Self {
        let series = Series::new(format!("durable holds, {connections} connections"), "holds/s");
        Self { connections, series, notes: Vec::new() }
    }

    fn few_and_many(bench: &Bench) -> [Self; 2] {
        [bench.scale.many, bench.scale.few].map(Self::new)
    }

    /// On a server of its own: beside a peer, neither may have the other's leftovers.
    fn measure(&mut self, bench: &Bench, round: usize) -> Outcome {
        self.measure_on(bench, round, &bench.server()?)
    }

    fn measure_on(&mut self, bench: &Bench, round: usize, server: &Server) -> Outcome {
        let seen = Load::of(bench, "hold", self.connections).run(bench, server)?;
        self.notes.extend(seen.doubts());
        bench.add(round, &mut self.series, seen.per_s("hold"));
        Ok(())
    }

    fn row(self, name: &str, what: &str, target: Target, theirs: Series) -> Row {
        Row::ratio(name, what, target, self.series, theirs).note(self.notes)
    }
}
