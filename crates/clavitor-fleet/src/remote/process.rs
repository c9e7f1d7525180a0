//! One process of the operator's machine, started from an argument vector: a deadline, bounded output, out of reach of the terminal's Ctrl-C.

use std::{io, path::Path, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    process::Command,
};

/// How long a process may take, and how much it may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// From the start to the end of its output.
    pub deadline: Duration,
    /// Of standard output and of standard error, each; the rest is read and thrown away.
    pub output_bytes_max: usize,
}

impl Bounds {
    /// So many seconds, and 64 KiB.
    pub const fn seconds(seconds: u64) -> Self {
        Self { deadline: Duration::from_secs(seconds), output_bytes_max: 64 << 10 }
    }
}

/// What a process said, as text; what is not UTF-8 in it is replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Its exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Said {
    /// Whether it ended with 0.
    pub fn is_success(&self) -> bool {
        self.code == Some(0)
    }
}

/// Why a process said nothing.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// There is no such program.
    #[error("{0} is not installed, or not in PATH")]
    Missing(String),
    /// It could not be started or read.
    #[error("{0}: {1}")]
    Start(String, io::Error),
    /// It was ended.
    #[error("{0} took longer than {1} s and was ended")]
    Deadline(String, u64),
}

/// Runs a program to its end. Standard input is empty. A dropped future ends the process.
///
/// # Errors
/// [`ProcessError`]. An exit code other than 0 is not an error here.
pub async fn run(argv: &[&str], environment: &[(&str, &str)], folder: &Path, bounds: Bounds) -> Result<Said, ProcessError> {
    let program = argv.first().copied().unwrap_or_default();
    let start = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => ProcessError::Missing(program.to_owned()),
        _ => ProcessError::Start(program.to_owned(), error),
    };
    let mut child = Command::new(program)
        .args(argv.iter().skip(1))
        .envs(environment.iter().copied())
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Ctrl-C is for us to judge: the step that is under way on a node is finished.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(start)?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let whole = async {
        let (out, err) = tokio::join!(bounded(out, bounds.output_bytes_max), bounded(err, bounds.output_bytes_max));
        let status = child.wait().await?;
        Ok(Said { code: status.code(), out: out?, err: err? })
    };
    match tokio::time::timeout(bounds.deadline, whole).await {
        Ok(said) => said.map_err(start),
        Err(_) => Err(ProcessError::Deadline(program.to_owned(), bounds.deadline.as_secs())),
    }
}

/// All of it is read, so that the process does not stand still; the first bytes are kept.
async fn bounded(from: Option<impl AsyncRead + Unpin>, bytes_max: usize) -> io::Result<String> {
    let Some(mut from) = from else { return Ok(String::new()) };
    let (mut kept, mut piece) = (Vec::new(), [0; 8192]);
    loop {
        let read = from.read(&mut piece).await?;
        if read == 0 {
            return Ok(String::from_utf8_lossy(&kept).into_owned());
        }
        let room = bytes_max.saturating_sub(kept.len()).min(read);
        kept.extend(piece.iter().take(room));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn sh(script: &str, bounds: Bounds) -> Result<Said, ProcessError> {
        run(&["sh", "-c", script], &[("GREETING", "hello")], Path::new("/"), bounds).await
    }

    #[tokio::test]
    async fn output_code_and_environment() {
        let said = sh("echo $GREETING; pwd >&2; exit 3", Bounds::seconds(20)).await.unwrap();
        assert_eq!(said, Said { code: Some(3), out: "hello\n".into(), err: "/\n".into() });
    }

    #[tokio::test]
    async fn a_flood_is_read_and_not_kept() {
        let said = sh("yes | head -c 3000000", Bounds { output_bytes_max: 10, ..Bounds::seconds(60) }).await.unwrap();
        assert_eq!((said.code, said.out.as_str()), (Some(0), "y\ny\ny\ny\ny\n"));
    }

    #[tokio::test]
    async fn a_process_that_does_not_end_is_ended() {
        let late = Bounds { deadline: Duration::from_millis(200), ..Bounds::seconds(0) };
        assert!(matches!(sh("sleep 60", late).await, Err(ProcessError::Deadline(..))));
        let missing = run(&["no-such-program-here"], &[], Path::new("/"), late).await;
        assert!(missing.unwrap_err().to_string().contains("not installed"));
    }
}
