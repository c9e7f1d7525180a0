//! The receiving end: takes requests over TCP, keeps what came, and answers as it is told.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    thread,
    time::Duration,
};

use serde_json::Value;

/// What the recorder does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Answers with a status.
    Status(u16),
    /// Reads and never answers.
    Silent,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    pub line: String,
    pub authorization: String,
    pub body: Value,
}

impl Heard {
    pub(crate) fn event_id(&self) -> &str {
        self.body["event_id"].as_str().unwrap()
    }
}

struct Shared {
    heard: Mutex<Vec<Heard>>,
    reports: Mutex<Vec<Heard>>,
    more: Condvar,
    more_reports: Condvar,
    manner: Mutex<Manner>,
}

pub(crate) struct Recorder {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

impl Recorder {
    pub(crate) fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let shared = Arc::new(Shared {
            heard: Mutex::default(),
            reports: Mutex::default(),
            more: Condvar::new(),
            more_reports: Condvar::new(),
            manner: Mutex::new(manner),
        });
        let (address, ours) = (listener.local_addr().unwrap(), shared.clone());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, shared) = (stream.unwrap(), ours.clone());
                // A client that was killed leaves half a request behind; that is its end, not ours.
                thread::spawn(move || answer(stream, &shared));
            }
        });
        Self { address, shared }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn behave(&self, manner: Manner) {
        *self.shared.manner.lock().unwrap() = manner;
    }

    /// Waits until so many requests came, and returns all of them.
    pub(crate) fn wait_for(&self, count: usize) -> Vec<Heard> {
        let heard = self.shared.heard.lock().unwrap();
        let (heard, late) = self.shared.more.wait_timeout_while(heard, Duration::from_secs(60), |heard| heard.len() < count).unwrap();
        assert!(!late.timed_out(), "{} of {count} requests came", heard.len());
        heard.clone()
    }

    /// Waits until so many reports came, and returns all of them.
    pub(crate) fn wait_for_reports(&self, count: usize) -> Vec<Heard> {
        let reports = self.shared.reports.lock().unwrap();
        let (reports, late) =
            self.shared.more_reports.wait_timeout_while(reports, Duration::from_secs(60), |reports| reports.len() < count).unwrap();
        assert!(!late.timed_out(), "{} of {count} reports came", reports.len());
        reports.clone()
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.shared.heard.lock().unwrap().clone()
    }
}

fn answer(stream: TcpStream, shared: &Shared) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut stream = stream;
    loop {
        let heard = read(&mut reader)?;
        // Alerts are what most tests count; reports always arrive.
        if heard.line.starts_with("POST /v1/telemetry ") {
            shared.reports.lock().unwrap().push(heard);
            shared.more_reports.notify_all();
            write!(stream, "HTTP/1.1 204 x\r\n\r\n").ok()?;
            continue;
        }
        // First: whoever hears of the request may change the manner for the next one.
        let manner = *shared.manner.lock().unwrap();
        shared.heard.lock().unwrap().push(heard);
        shared.more.notify_all();
        match manner {
            Manner::Status(status) => write!(stream, "HTTP/1.1 {status} x\r\ncontent-length: 0\r\n\r\n").ok()?,
            Manner::Silent => {
                // Until the client goes away.
                let _ = reader.read(&mut [0]);
                return None;
            }
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Heard> {
    let (mut line, mut authorization, mut length) = (String::new(), String::new(), 0);
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    loop {
        let mut field = String::new();
        reader.read_line(&mut field).ok().filter(|read| *read > 0)?;
        let Some((name, value)) = field.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "authorization" => value.clone_into(&mut authorization),
            "content-length" => length = value.parse().ok()?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Heard { line: line.trim_end().to_owned(), authorization, body: serde_json::from_slice(&body).ok()? })
}
