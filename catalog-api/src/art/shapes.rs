//! What can be drawn: shapes on a field of 100 by 100, read from a text that is part of the binary.

use std::collections::BTreeMap;
use std::sync::LazyLock;

const TEXT: &str = include_str!("../../assets/demo/motifs.txt");

/// Motifs by name.
pub(super) static MOTIFS: LazyLock<BTreeMap<&'static str, Vec<Shape>>> = LazyLock::new(|| {
    let lines = TEXT.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let motifs = lines.filter_map(|line| line.split_once(": "));
    motifs.map(|(name, shapes)| (name, shapes.split("; ").filter_map(shape).collect())).collect()
});

/// A tone of a picture's colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Main,
    Dark,
    Light,
    Accent,
    White,
    Ink,
}

/// A shape.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    /// Left, top, width, height, radius of the corners.
    Rectangle([f32; 5], Tone),
    /// Middle and half axes.
    Ellipse([f32; 4], Tone),
    /// Corners.
    Polygon(Vec<(f32, f32)>, Tone),
    /// Width and corners.
    Line(f32, Vec<(f32, f32)>, Tone),
}

fn shape(text: &str) -> Option<Shape> {
    let (kind, rest) = text.split_once(' ')?;
    let words: Vec<&str> = rest.split(' ').collect();
    match kind {
        "r" => Some(Shape::Rectangle(numbers(words.get(..5)?)?, tone(words.get(5)?)?)),
        "e" => Some(Shape::Ellipse(numbers(words.get(..4)?)?, tone(words.get(4)?)?)),
        "p" => Some(Shape::Polygon(points(words.get(1..)?)?, tone(words.first()?)?)),
        "s" => {
            Some(Shape::Line(words.first()?.parse().ok()?, points(words.get(2..)?)?, tone(words.get(1)?)?))
        }
        _ => None,
    }
}

fn numbers<const N: usize>(words: &[&str]) -> Option<[f32; N]> {
    let numbers: Vec<f32> = words.iter().map(|word| word.parse().ok()).collect::<Option<_>>()?;
    numbers.try_into().ok()
}

fn points(words: &[&str]) -> Option<Vec<(f32, f32)>> {
    let point = |word: &&str| {
        let (x, y) = word.split_once(',')?;
        Some((x.parse().ok()?, y.parse().ok()?))
    };
    let points: Vec<(f32, f32)> = words.iter().map(point).collect::<Option<_>>()?;
    (points.len() >= 2).then_some(points)
}

fn tone(word: &str) -> Option<Tone> {
    Some(match word {
        "m" => Tone::Main,
        "d" => Tone::Dark,
        "l" => Tone::Light,
        "a" => Tone::Accent,
        "w" => Tone::White,
        "k" => Tone::Ink,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_of_the_text_is_read() {
        let written: usize = TEXT
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split_once(": "))
            .map(|(_, shapes)| shapes.split("; ").count())
            .sum();
        assert_eq!(MOTIFS.values().map(Vec::len).sum::<usize>(), written);
    }
}
