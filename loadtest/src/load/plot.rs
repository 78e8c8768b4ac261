//! Lines over time as SVG, without a script: the page has to open anywhere, years later.

use std::fmt::Write;

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 70.0;
const BOTTOM: f64 = 24.0;
const COLORS: [&str; 8] =
    ["#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b", "#17becf", "#7f7f7f"];

/// One line: a name, and a value per second where there is one.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) values: Vec<Option<f64>>,
}

/// A plot with a heading.
pub(super) fn plot(heading: &str, unit: &str, lines: &[Line]) -> String {
    let seconds = lines.iter().map(|line| line.values.len()).max().unwrap_or(0).max(2);
    let highest = lines.iter().flat_map(|line| line.values.iter().flatten()).copied().fold(0.0, f64::max);
    let top = round_up(highest);
    let x = |second: usize| LEFT + (WIDTH - LEFT - 10.0) * second as f64 / (seconds - 1) as f64;
    let y = |value: f64| HEIGHT - BOTTOM - (HEIGHT - BOTTOM - 10.0) * value / top;
    let mut svg = format!(
        "<h2>{heading}</h2>\n<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{heading}\">\n"
    );
    for part in 0..=4 {
        let value = top * f64::from(part) / 4.0;
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#ddd\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{} {unit}</text>",
            WIDTH - 10.0,
            LEFT - 6.0,
            y(value) + 4.0,
            short(value),
            y = y(value)
        );
    }
    for (at, line) in lines.iter().enumerate() {
        let color = COLORS[at % COLORS.len()];
        let points: Vec<String> = line
            .values
            .iter()
            .enumerate()
            .filter_map(|(second, value)| value.map(|value| format!("{:.1},{:.1}", x(second), y(value))))
            .collect();
        let _ = writeln!(
            svg,
            "<polyline fill=\"none\" stroke=\"{color}\" stroke-width=\"1.5\" points=\"{}\"/>",
            points.join(" ")
        );
    }
    let _ = write!(svg, "<text x=\"{LEFT}\" y=\"{:.0}\">0 s</text>", HEIGHT - 6.0);
    let _ = write!(
        svg,
        "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\">{} s</text>\n</svg>\n<p>",
        WIDTH - 10.0,
        HEIGHT - 6.0,
        seconds - 1
    );
    for (at, line) in lines.iter().enumerate() {
        let color = COLORS[at % COLORS.len()];
        let _ = write!(svg, "<b style=\"color:{color}\">▬</b> {} &nbsp; ", line.name);
    }
    svg + "</p>\n"
}

/// The next number of one digit and zeros, so that the grid falls on readable values.
fn round_up(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(value.log10().floor());
    [1.0, 2.0, 4.0, 5.0, 8.0, 10.0]
        .into_iter()
        .map(|digit| digit * power)
        .find(|bound| *bound >= value)
        .unwrap_or(10.0 * power)
}

fn short(value: f64) -> String {
    match value {
        _ if value >= 1e6 => format!("{:.1}M", value / 1e6),
        _ if value >= 1e4 => format!("{:.0}k", value / 1e3),
        _ if value >= 10.0 || value == 0.0 => format!("{value:.0}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_value_stays_inside_and_gaps_stay_gaps() {
        let line = Line { name: "free".into(), values: vec![Some(0.0), None, Some(7.0)] };
        let svg = plot("Stock", "units", &[line]);
        assert!(svg.contains("points=\"70.0,196.0 850.0,33.2\""), "{svg}");
        assert_eq!([0.0, 7.0, 11.0, 400.0, 950.0].map(round_up), [1.0, 8.0, 20.0, 400.0, 1000.0]);
    }
}
