//! Long rows of numbers in a blob, as the bytes that they are: read in one go, and not one by one.

use serde::{Deserialize, Deserializer, Serializer};

pub(super) fn serialize<S: Serializer>(row: &[u32], serializer: S) -> Result<S::Ok, S::Error> {
    let bytes: Vec<u8> = row.iter().flat_map(|number| number.to_le_bytes()).collect();
    serializer.serialize_bytes(&bytes)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<u32>, D::Error> {
    let bytes = <&[u8]>::deserialize(deserializer)?;
    Ok(bytes.as_chunks().0.iter().map(|number| u32::from_le_bytes(*number)).collect())
}
