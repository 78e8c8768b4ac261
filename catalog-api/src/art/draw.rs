//! Drawing: colours from a number, shapes onto a field, PNG bytes.

use super::shapes::{MOTIFS, Shape, Tone};
use super::{Format, Name};
use tiny_skia::{
    Color, FillRule, GradientStop, LineCap, LineJoin, LinearGradient, Paint, Path, PathBuilder, Pixmap,
    Point, Rect, SpreadMode, Stroke, Transform,
};

/// Turns between the hues of neighbouring numbers: the golden angle, so that they look different.
const TURN: f32 = 137.508;

/// The picture of a name; nothing when there is not enough memory for it.
pub(super) fn picture(name: &Name) -> Option<Vec<u8>> {
    let (width, height) = match name.format {
        Format::Goods => (400, 400),
        Format::Icon => (120, 120),
        Format::Brand => (360, 240),
        Format::Banner => (750, 375),
    };
    let mut canvas = Canvas { pixmap: Pixmap::new(width, height)?, colours: Colours::of(name.colours) };
    canvas.background(name.format);
    let shapes = MOTIFS.get(name.motif.as_str())?;
    let (w, h) = (width as f32, height as f32);
    match name.format {
        Format::Goods => canvas.draw(shapes, 0.10 * w, 0.08 * h, 0.80 * w),
        Format::Icon => canvas.draw(shapes, 0.16 * w, 0.14 * h, 0.68 * w),
        Format::Brand => canvas.draw(shapes, (w - 0.8 * h) / 2.0, 0.08 * h, 0.8 * h),
        Format::Banner => {
            canvas.draw(shapes, 0.08 * w, 0.12 * h, 0.62 * h);
            canvas.draw(shapes, 0.62 * w, 0.06 * h, 0.82 * h);
        }
    }
    canvas.pixmap.encode_png().ok()
}

/// The colours of a picture.
struct Colours {
    hue: f32,
}

impl Colours {
    fn of(number: u16) -> Self {
        Self { hue: (f32::from(number) * TURN) % 360.0 }
    }

    fn tone(&self, tone: Tone) -> Color {
        match tone {
            Tone::Main => hsl(self.hue, 0.42, 0.56),
            Tone::Dark => hsl(self.hue, 0.40, 0.38),
            Tone::Light => hsl(self.hue, 0.46, 0.74),
            Tone::Accent => hsl(self.hue + 150.0, 0.55, 0.62),
            Tone::White => hsl(self.hue, 0.30, 0.97),
            Tone::Ink => hsl(self.hue, 0.25, 0.20),
        }
    }

    /// Top and bottom of the background.
    fn background(&self) -> (Color, Color) {
        (hsl(self.hue + 24.0, 0.42, 0.95), hsl(self.hue + 8.0, 0.40, 0.86))
    }
}

struct Canvas {
    pixmap: Pixmap,
    colours: Colours,
}

impl Canvas {
    fn background(&mut self, format: Format) {
        let (width, height) = (self.pixmap.width() as f32, self.pixmap.height() as f32);
        let (top, bottom) = self.colours.background();
        let stops = vec![GradientStop::new(0.0, top), GradientStop::new(1.0, bottom)];
        let (from, to) = (Point::from_xy(0.0, 0.0), Point::from_xy(width * 0.3, height));
        let shader = LinearGradient::new(from, to, stops, SpreadMode::Pad, Transform::identity());
        let mut paint = Paint { anti_alias: true, ..Paint::default() };
        match shader {
            Some(shader) => paint.shader = shader,
            None => paint.set_color(top),
        }
        if format == Format::Icon {
            // A round field on nothing.
            if let Some(circle) = PathBuilder::from_circle(width / 2.0, height / 2.0, width / 2.0) {
                self.fill(&circle, &paint, Transform::identity());
            }
        } else if let Some(rectangle) = Rect::from_xywh(0.0, 0.0, width, height) {
            self.pixmap.fill_rect(rectangle, &paint, Transform::identity(), None);
            self.pale_circles(width, height);
        }
    }

    /// Two pale circles, so that the field is not bare.
    fn pale_circles(&mut self, width: f32, height: f32) {
        let mut pale = self.colours.tone(Tone::Light);
        pale.set_alpha(0.28);
        let mut paint = Paint { anti_alias: true, ..Paint::default() };
        paint.set_color(pale);
        for (x, y, radius) in [(0.86 * width, 0.16 * height, 0.30), (0.10 * width, 0.90 * height, 0.24)] {
            if let Some(circle) = PathBuilder::from_circle(x, y, radius * height) {
                self.fill(&circle, &paint, Transform::identity());
            }
        }
    }

    fn draw(&mut self, shapes: &[Shape], left: f32, top: f32, side: f32) {
        let place = Transform::from_row(side / 100.0, 0.0, 0.0, side / 100.0, left, top);
        for shape in shapes {
            let (path, tone, width) = match shape {
                Shape::Rectangle(numbers, tone) => (rectangle(*numbers), *tone, None),
                Shape::Ellipse([x, y, across, down], tone) => {
                    let bounds = Rect::from_xywh(x - across, y - down, across * 2.0, down * 2.0);
                    (bounds.and_then(PathBuilder::from_oval), *tone, None)
                }
                Shape::Polygon(points, tone) => (through(points, true), *tone, None),
                Shape::Line(width, points, tone) => (through(points, false), *tone, Some(*width)),
            };
            let Some(path) = path else { continue };
            let mut paint = Paint { anti_alias: true, ..Paint::default() };
            paint.set_color(self.colours.tone(tone));
            match width {
                None => self.fill(&path, &paint, place),
                Some(width) => {
                    let round = Stroke {
                        width,
                        line_cap: LineCap::Round,
                        line_join: LineJoin::Round,
                        ..Stroke::default()
                    };
                    self.pixmap.stroke_path(&path, &paint, &round, place, None);
                }
            }
        }
    }

    fn fill(&mut self, path: &Path, paint: &Paint<'_>, place: Transform) {
        self.pixmap.fill_path(path, paint, FillRule::Winding, place, None);
    }
}

fn rectangle([x, y, width, height, radius]: [f32; 5]) -> Option<Path> {
    let radius = radius.min(width / 2.0).min(height / 2.0);
    let (right, bottom) = (x + width, y + height);
    let mut path = PathBuilder::new();
    path.move_to(x + radius, y);
    path.line_to(right - radius, y);
    path.quad_to(right, y, right, y + radius);
    path.line_to(right, bottom - radius);
    path.quad_to(right, bottom, right - radius, bottom);
    path.line_to(x + radius, bottom);
    path.quad_to(x, bottom, x, bottom - radius);
    path.line_to(x, y + radius);
    path.quad_to(x, y, x + radius, y);
    path.close();
    path.finish()
}

fn through(points: &[(f32, f32)], closed: bool) -> Option<Path> {
    let mut path = PathBuilder::new();
    for (number, (x, y)) in points.iter().enumerate() {
        if number == 0 {
            path.move_to(*x, *y);
        } else {
            path.line_to(*x, *y);
        }
    }
    if closed {
        path.close();
    }
    path.finish()
}

/// A colour of hue (degrees), saturation and lightness.
fn hsl(hue: f32, saturation: f32, lightness: f32) -> Color {
    let hue = hue.rem_euclid(360.0);
    let chroma = (1.0 - (2.0 * lightness - 1.0).abs()) * saturation;
    let second = chroma * (1.0 - ((hue / 60.0).rem_euclid(2.0) - 1.0).abs());
    let (red, green, blue) = match hue {
        hue if hue < 60.0 => (chroma, second, 0.0),
        hue if hue < 120.0 => (second, chroma, 0.0),
        hue if hue < 180.0 => (0.0, chroma, second),
        hue if hue < 240.0 => (0.0, second, chroma),
        hue if hue < 300.0 => (second, 0.0, chroma),
        _ => (chroma, 0.0, second),
    };
    let floor = lightness - chroma / 2.0;
    let part = |part: f32| (part + floor).clamp(0.0, 1.0);
    Color::from_rgba(part(red), part(green), part(blue), 1.0).unwrap_or(Color::WHITE)
}
