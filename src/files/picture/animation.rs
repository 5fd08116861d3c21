//! A GIF anew, frame by frame: indices, palettes, times, and how often it is repeated. Comments,
//! other extensions and what stands behind the end are not taken over. Frames keep their palettes:
//! composed and quantized anew, as `image` would, an animation loses colours and becomes many times as large.

use gif::{DecodeOptions, Decoder, DecodingError, Encoder, EncodingError, Frame};

use super::{MEGAPIXEL, MOST_PIXELS, Unfit};

const MOST_PIXELS_OF_ALL_FRAMES: u64 = 100 * MEGAPIXEL;
/// A frame costs its reader something however small it is: 2000 of the smallest are too many.
const LEAST_PIXELS_OF_A_FRAME: u64 = 50_000;

pub fn encode_anew(sent: &[u8]) -> Result<Vec<u8>, Unfit> {
    let mut options = DecodeOptions::new();
    options.check_frame_consistency(true);
    let mut decoder = options.read_info(sent)?;
    let (width, height) = (decoder.width(), decoder.height());
    // A reader composes each frame on the whole screen.
    let screen = u64::from(width) * u64::from(height);
    if screen > MOST_PIXELS {
        return Err(Unfit::TooLarge);
    }
    // How often it is repeated stands before the first frame, and is known with it.
    let mut frame = next_frame(&mut decoder)?.ok_or(Unfit::Unreadable)?;
    let palette = decoder.global_palette().unwrap_or_default();
    let mut encoder = Encoder::new(Vec::new(), width, height, palette)?;
    encoder.set_repeat(decoder.repeat())?;
    let mut pixels = 0;
    loop {
        pixels += screen.max(LEAST_PIXELS_OF_A_FRAME);
        if pixels > MOST_PIXELS_OF_ALL_FRAMES {
            return Err(Unfit::TooLarge);
        }
        let mut indices = vec![0; decoder.buffer_size()];
        decoder.read_into_buffer(&mut indices)?;
        frame.buffer = indices.into();
        encoder.write_frame(&frame)?;
        match next_frame(&mut decoder)? {
            Some(next) => frame = next,
            None => break,
        }
    }
    Ok(encoder.into_inner()?)
}

/// Without its pixels.
fn next_frame(decoder: &mut Decoder<&[u8]>) -> Result<Option<Frame<'static>>, Unfit> {
    let Some(frame) = decoder.next_frame_info()?.cloned() else { return Ok(None) };
    if frame.width == 0 || frame.height == 0 {
        return Err(Unfit::Unreadable);
    }
    // The decoder puts the lines in order; nobody waits for a key.
    Ok(Some(Frame { interlaced: false, needs_user_input: false, ..frame }))
}

impl From<DecodingError> for Unfit {
    fn from(_: DecodingError) -> Self {
        Unfit::Unreadable
    }
}

/// Into memory nothing fails; what the format cannot hold was not readable.
impl From<EncodingError> for Unfit {
    fn from(_: EncodingError) -> Self {
        Unfit::Unreadable
    }
}
