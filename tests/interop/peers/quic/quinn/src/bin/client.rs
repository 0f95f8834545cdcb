//! A QUIC client on quinn, for tests/interop.
//! usage: client PORT AUTHORITY close|wait [update] [again] [big]
//! close: it has something sent back over ALPN "echo" (1 MiB with "big", after a change of keys with "update") and closes with
//! code 7, "done". wait: it asks for "/" over hq-interop, and tells how the server ends the connection. "again": twice, the second
//! time with the session of the first one.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, Connection, ConnectionError, Endpoint, TransportConfig, VarInt};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

type Failure = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let has = |word: &str| words.iter().any(|one| one == word);
    let waits = has("wait");
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&words[1])?)?;
    let mut tls = rustls::ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let alpn: &[u8] = if waits { b"hq-interop" } else { b"echo" };
    tls.alpn_protocols = vec![alpn.into()];
    let mut transport = TransportConfig::default();
    transport.max_idle_timeout(Some(Duration::from_secs(5).try_into()?));
    let mut config = ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls)?));
    config.transport_config(Arc::new(transport));
    let mut endpoint = Endpoint::client(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    endpoint.set_default_client_config(config);
    let server = SocketAddr::from((Ipv4Addr::LOCALHOST, words[0].parse()?));
    let times = if has("again") { 2 } else { 1 };
    for _ in 0..times {
        let connection = match endpoint.connect(server, "localhost")?.await {
            Ok(connection) => connection,
            Err(error) => {
                println!("failed: {}", describe(&error));
                std::process::exit(1);
            }
        };
        println!("connected: v1 {}", String::from_utf8_lossy(alpn));
        if waits {
            wait(&connection).await;
        } else {
            close(&connection, has("big"), has("update")).await?;
        }
    }
    endpoint.wait_idle().await;
    Ok(())
}

async fn close(connection: &Connection, big: bool, update: bool) -> Result<(), Failure> {
    let data = if big {
        (0..1u32 << 20)
            .map(|at| (at.wrapping_mul(0x9e37_79b1) >> 24) as u8)
            .collect()
    } else {
        b"over streams".to_vec()
    };
    if update {
        connection.force_key_update();
    }
    let (mut send, mut receive) = connection.open_bi().await?;
    let sent = data.clone();
    let writing = tokio::spawn(async move {
        let _ = send.write_all(&sent).await;
        let _ = send.finish();
        let _ = send.stopped().await;
    });
    let answer = receive.read_to_end(1 << 21).await?;
    writing.await?;
    println!("echo: {} bytes, the same: {}", answer.len(), answer == data);
    connection.close(VarInt::from_u32(7), b"done");
    Ok(())
}

async fn wait(connection: &Connection) {
    let asked = async {
        let (mut send, mut receive) = connection.open_bi().await?;
        send.write_all(b"GET /\r\n").await?;
        send.finish()?;
        Ok::<_, Failure>(receive.read_to_end(1 << 16).await?)
    };
    println!(
        "answer: {} bytes",
        asked.await.map_or(0, |answer| answer.len())
    );
    println!("closed: {}", describe(&connection.closed().await));
}

fn describe(error: &ConnectionError) -> String {
    match error {
        ConnectionError::ApplicationClosed(close) => {
            let reason = String::from_utf8_lossy(&close.reason).into_owned();
            format!(
                "application {} {reason:?} by the peer",
                close.error_code.into_inner()
            )
        }
        ConnectionError::ConnectionClosed(close) => {
            let reason = String::from_utf8_lossy(&close.reason).into_owned();
            format!(
                "transport {} {reason:?} by the peer",
                u64::from(close.error_code)
            )
        }
        other => other.to_string(),
    }
}
