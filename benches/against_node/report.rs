//! Figures of several rounds, and how they are shown.

use crate::contenders::Who;

/// What is measured.
struct Figure {
    name: &'static str,
    unit: &'static str,
    /// After the point.
    digits: usize,
    better: &'static str,
    ours: Vec<f64>,
    nodes: Vec<f64>,
}

#[derive(Default)]
pub struct Report {
    figures: Vec<Figure>,
    remarks: Vec<String>,
}

impl Report {
    pub fn more(&mut self, who: Who, name: &'static str, unit: &'static str, value: f64) {
        self.note(who, Figure { name, unit, digits: 0, better: "more is better", ours: vec![], nodes: vec![] }, value);
    }

    pub fn less(&mut self, who: Who, name: &'static str, unit: &'static str, digits: usize, value: f64) {
        self.note(who, Figure { name, unit, digits, better: "less is better", ours: vec![], nodes: vec![] }, value);
    }

    /// What says nothing for or against a server.
    pub fn beside(&mut self, who: Who, name: &'static str, unit: &'static str, value: f64) {
        self.note(who, Figure { name, unit, digits: 0, better: "", ours: vec![], nodes: vec![] }, value);
    }

    /// What only our server has.
    pub fn alone(&mut self, name: &'static str, unit: &'static str, digits: usize, value: f64) {
        let figure = Figure { name, unit, digits, better: "", ours: vec![], nodes: vec![] };
        self.note(Who::Us, figure, value);
    }

    pub fn object(&mut self, who: Who, objection: &str) {
        let remark = format!("{}: {objection}", if who == Who::Us { "community-chat" } else { "Node" });
        eprintln!("  ! {remark}");
        self.remarks.push(remark);
    }

    fn note(&mut self, who: Who, figure: Figure, value: f64) {
        let called = if who == Who::Us { "ours" } else { "node" };
        eprintln!("  {called}  {:<58} {}", figure.name, shown(value, &figure));
        let at = self.figures.iter().position(|known| known.name == figure.name).unwrap_or_else(|| {
            self.figures.push(figure);
            self.figures.len() - 1
        });
        let values = if who == Who::Us { &mut self.figures[at].ours } else { &mut self.figures[at].nodes };
        values.push(value);
    }

    pub fn print(&self) {
        println!("{:<58} {:>18} {:>18}   ours / Node's", "", "community-chat", "Node");
        for figure in &self.figures {
            let (ours, nodes) = (median(&figure.ours), median(&figure.nodes));
            let ratio = match figure.better {
                "" => String::new(),
                better => format!("{:>7.2} × ({better})", ours / nodes),
            };
            println!("{:<58} {:>18} {:>18} {ratio}", figure.name, shown(ours, figure), shown(nodes, figure));
        }
        for remark in &self.remarks {
            println!("! {remark}");
        }
    }
}

fn shown(value: f64, figure: &Figure) -> String {
    if value.is_nan() { "–".into() } else { format!("{value:.*} {}", figure.digits, figure.unit) }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}
