//! A QUIC server on quinn, for tests/interop: hq-interop and "echo", version 1.
//! usage: quinn-peer CERTIFICATE KEY [retry]; prints "port N" when it can be talked to, then what it is asked and how each
//! connection ended.
//!
//! A path, or the first line on a stream of "echo", can be an order: "close CODE REASON" (in a path: /close/CODE/REASON) has
//! it close the connection, "reset CODE" reset the stream, "update" change the keys. What follows such a line, and everything
//! else on such a stream, is sent back.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use quinn::crypto::rustls::{HandshakeData, QuicServerConfig};
use quinn::{Connection, ConnectionError, Endpoint, Incoming, RecvStream, SendStream, VarInt};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

type Failure = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().collect();
    let chain = CertificateDer::pem_file_iter(&words[1])?.collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_file(&words[2])?;
    let mut tls = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    tls.alpn_protocols = vec![b"hq-interop".into(), b"echo".into()];
    let config = quinn::ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls)?));
    let endpoint = Endpoint::server(config, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    println!("port {}", endpoint.local_addr()?.port());
    let retry = words.get(3).is_some_and(|word| word == "retry");
    while let Some(incoming) = endpoint.accept().await {
        if retry && incoming.may_retry() && !incoming.remote_address_validated() {
            let _ = incoming.retry();
        } else {
            tokio::spawn(serve(incoming));
        }
    }
    Ok(())
}

async fn serve(incoming: Incoming) {
    let connection = match incoming.await {
        Ok(connection) => connection,
        Err(error) => return println!("closed: {}", describe(&error)),
    };
    let alpn = connection
        .handshake_data()
        .and_then(|data| data.downcast::<HandshakeData>().ok())
        .and_then(|data| data.protocol)
        .map(|name| String::from_utf8_lossy(&name).into_owned())
        .unwrap_or_default();
    println!("accepted: v1 {alpn}");
    while let Ok((send, receive)) = connection.accept_bi().await {
        tokio::spawn(talk(
            connection.clone(),
            send,
            receive,
            alpn == "hq-interop",
        ));
    }
    println!("closed: {}", describe(&connection.closed().await));
}

async fn talk(connection: Connection, send: SendStream, mut receive: RecvStream, hq: bool) {
    let mut buffer = vec![0; 65_536];
    let mut length = receive.read(&mut buffer).await.ok().flatten().unwrap_or(0);
    let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
    let line = text.split('\n').next().unwrap_or_default();
    let path = line.strip_prefix("GET /").map(str::trim);
    if let Some(path) = path {
        println!("asked: GET /{path}");
    }
    let words: Vec<&str> = match path {
        Some(path) => path.splitn(3, '/').collect(),
        None => line.splitn(3, ' ').collect(),
    };
    let code = words
        .get(1)
        .and_then(|word| word.parse::<u64>().ok())
        .and_then(|code| VarInt::from_u64(code).ok());
    let mut start = 0;
    match (words[0], code) {
        ("close", Some(code)) => {
            connection.close(code, words.get(2).unwrap_or(&"").as_bytes());
            return;
        }
        ("reset", Some(code)) => {
            let mut send = send;
            let _ = (send.reset(code), receive.stop(code));
            return;
        }
        ("update", None) => {
            connection.force_key_update();
            start = line.len() + 1;
        }
        _ => {}
    }
    // What is read is written beside the reading: whoever writes first and reads later is not held up.
    let (pieces, waiting) = unbounded_channel();
    let writer = tokio::spawn(write(send, waiting));
    if hq {
        let _ = pieces.send(b"hello from quinn\n".to_vec());
    } else {
        let mut sum = Sha256::new();
        let mut total = 0;
        while length > 0 {
            total += keep(&pieces, &mut sum, &buffer[start..length]);
            start = 0;
            match receive.read(&mut buffer).await {
                Ok(more) => length = more.unwrap_or(0),
                Err(error) => return println!("stream: {error}"),
            }
        }
        println!("read: {total} bytes, sha256 {:x}", sum.finalize());
    }
    drop(pieces);
    let _ = writer.await;
}

fn keep(pieces: &UnboundedSender<Vec<u8>>, sum: &mut Sha256, data: &[u8]) -> usize {
    sum.update(data);
    let _ = pieces.send(data.to_vec());
    data.len()
}

async fn write(mut send: SendStream, mut waiting: tokio::sync::mpsc::UnboundedReceiver<Vec<u8>>) {
    while let Some(piece) = waiting.recv().await {
        if send.write_all(&piece).await.is_err() {
            return;
        }
    }
    let _ = send.finish();
    let _ = send.stopped().await;
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
