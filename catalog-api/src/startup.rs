//! Bringing the process up and down: stores, migrations, the two listeners, the timers.

use crate::config::{Config, LogFormat};
use crate::listener::serve;
use crate::state::App;
use crate::{posters, replica, router, routes, texts, timers};
use anyhow::Context;
use contract::tls::Tls;
use sqlx::MySqlPool;
use sqlx::migrate::Migrator;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

/// The schema, forward only.
pub static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

/// Brings the schema up to date.
pub async fn migrate(config: Config) -> anyhow::Result<()> {
    let app = App::new(config)?;
    MIGRATIONS.run(&app.db).await.context("migrations")?;
    crate::accounts::import::seal(&app).await.context("passwords of earlier systems")?;
    crate::regions::load(&app.db).await.context("regions")?;
    println!("the schema is up to date ({} migrations)", MIGRATIONS.iter().count());
    Ok(())
}

/// Whether every migration of this binary was applied.
pub async fn is_migrated(db: &MySqlPool) -> sqlx::Result<bool> {
    let applied: sqlx::Result<Vec<i64>> =
        sqlx::query_scalar("select version from _sqlx_migrations where success = true").fetch_all(db).await;
    match applied {
        Ok(applied) => Ok(MIGRATIONS.iter().all(|migration| applied.contains(&migration.version))),
        // 1146: no such table, so nothing was ever applied.
        Err(error) if crate::store::error_number(&error) == Some(1146) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Serves until SIGTERM or Ctrl-C, then drains.
pub async fn run(config: Config) -> anyhow::Result<()> {
    let app = App::new(config)?;
    let http = app.config.http.clone();
    let public = router::public(&app);
    let private = routes::private::router(&app, &public.openapi);
    let tls = Tls::read(&http.tls_certificate, &http.tls_key)?;
    let (stop, stopped) = watch::channel(false);
    let private_listener = TcpListener::bind(http.private_listen).await.context("http.private_listen")?;
    let public_listener = TcpListener::bind(http.listen).await.context("http.listen")?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    // The private listener outlives the public one, so that draining can be watched.
    let (stop_private, private_stopped) = watch::channel(false);
    let answering_private =
        tokio::spawn(serve(app.clone(), (private_listener, None), private, private_stopped));
    let answering = tokio::spawn(serve(app.clone(), (public_listener, tls), public.router, stopped.clone()));
    let texting = tokio::spawn(texts::run(app.clone(), stopped.clone()));
    let drawing = tokio::spawn(posters::run(app.clone(), stopped.clone()));
    let following = tokio::spawn(replica::follow(app.clone(), stopped.clone()));
    let timing = tokio::spawn(timers::run(app.clone(), stopped));
    tracing::info!(public = %http.listen, private = %http.private_listen, "serving");

    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("draining");
    app.draining.store(true, Ordering::Relaxed);
    stop.send_replace(true);
    answering.await.context("public listener")?;
    // A round of timers ends within its provider's deadline; its rows are safe whatever happens.
    let drain = Duration::from_millis(http.drain_ms);
    let ended = async { (timing.await, texting.await, drawing.await, following.await) };
    if tokio::time::timeout(drain, ended).await.is_err() {
        tracing::warn!("a round of timers was still running at the end of the drain time");
    }
    stop_private.send_replace(true);
    answering_private.abort();
    app.db.close().await;
    if let Some(replica) = &app.replica {
        replica.close().await;
    }
    tracing::info!("ended");
    Ok(())
}

/// Log lines as configured, to standard error.
pub fn log_lines(config: &Config) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.log.filter).context("log.filter")?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let set = match config.log.format {
        LogFormat::Text => lines.with_ansi(false).try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
    set.map_err(|error| anyhow::anyhow!("log: {error}"))
}
