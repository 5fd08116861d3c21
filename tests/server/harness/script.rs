//! A program in Node that is written lines and prints some, until it is dropped.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout};

use super::project;

pub struct Script {
    written: ChildStdin,
    printed: Lines<BufReader<ChildStdout>>,
    process: Child,
}

impl Script {
    pub fn start(folder: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Script {
        let mut process = tokio::process::Command::new("node")
            .args(arguments)
            .envs(environment.iter().copied())
            .current_dir(project(folder))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let (written, printed) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Script { written, printed: BufReader::new(printed).lines(), process }
    }

    pub async fn write(&mut self, line: &str) {
        self.written.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    pub fn pid(&self) -> u32 {
        self.process.id().unwrap()
    }

    pub async fn line(&mut self) -> String {
        let line = tokio::time::timeout(Duration::from_secs(60), self.printed.next_line()).await;
        if let Some(line) = line.expect("it prints nothing").unwrap() {
            return line;
        }
        let mut reason = String::new();
        self.process.stderr.take().unwrap().read_to_string(&mut reason).await.unwrap();
        panic!("it ended: {reason}");
    }

    /// Others are passed over.
    pub async fn prints(&mut self, wanted: &str) {
        while self.line().await != wanted {}
    }
}
