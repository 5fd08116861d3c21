//! Figures of several rounds, and how they are shown.

use crate::contenders::Who;

/// What is measured: name, unit, digits after the point, and which way is better.
pub struct Figure {
    pub name: &'static str,
    pub unit: &'static str,
    pub digits: usize,
    pub less_is_better: bool,
    ours: Vec<f64>,
    nodes: Vec<f64>,
}

#[derive(Default)]
pub struct Report {
    figures: Vec<Figure>,
    pub remarks: Vec<String>,
}

impl Report {
    pub fn more(&mut self, who: Who, name: &'static str, unit: &'static str, value: f64) {
        self.note(who, Figure { name, unit, digits: 0, less_is_better: false, ours: vec![], nodes: vec![] }, value);
    }

    pub fn less(&mut self, who: Who, name: &'static str, unit: &'static str, digits: usize, value: f64) {
        self.note(who, Figure { name, unit, digits, less_is_better: true, ours: vec![], nodes: vec![] }, value);
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
        println!("{:<58} {:>18} {:>18}   {}", "", "community-chat", "Node", "ours / Node's");
        for figure in &self.figures {
            let (ours, nodes) = (median(&figure.ours), median(&figure.nodes));
            let better = if figure.less_is_better { "less is better" } else { "more is better" };
            println!(
                "{:<58} {:>18} {:>18} {:>7.2} × ({better})",
                figure.name,
                shown(ours, figure),
                shown(nodes, figure),
                ours / nodes
            );
        }
        for remark in &self.remarks {
            println!("! {remark}");
        }
    }
}

fn shown(value: f64, figure: &Figure) -> String {
    format!("{value:.*} {}", figure.digits, figure.unit)
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
