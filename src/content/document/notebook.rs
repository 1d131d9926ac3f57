//! Notebooks of Jupyter: <https://nbformat.readthedocs.io/en/latest/format_description.html>.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Document, entries};
use crate::route::Step;

#[derive(Deserialize)]
struct Notebook<'t> {
    #[serde(borrow, default)]
    cells: Vec<&'t RawValue>,
    /// Before version 4.
    #[serde(borrow, default)]
    worksheets: Vec<Worksheet<'t>>,
}

#[derive(Deserialize)]
struct Worksheet<'t> {
    #[serde(borrow, default)]
    cells: Vec<&'t RawValue>,
}

#[derive(Deserialize)]
struct Cell<'t> {
    #[serde(borrow)]
    source: Option<&'t RawValue>,
    /// Before version 4.
    #[serde(borrow)]
    input: Option<&'t RawValue>,
    #[serde(borrow, default)]
    outputs: Vec<&'t RawValue>,
}

#[derive(Deserialize)]
struct Output<'t> {
    #[serde(borrow)]
    text: Option<&'t RawValue>,
    #[serde(borrow)]
    traceback: Option<&'t RawValue>,
    /// Texts and pictures by their types.
    #[serde(borrow)]
    data: Option<&'t RawValue>,
}

pub(super) fn read<'t>(
    document: &mut Document<'t>,
    text: &'t str,
    places: &[usize],
) -> serde_json::Result<()> {
    let Notebook { mut cells, worksheets } = serde_json::from_str(text)?;
    cells.extend(worksheets.into_iter().flat_map(|sheet| sheet.cells));
    for (number, cell, places) in document.holding(&cells, places) {
        document.read_cell(number, cell, places)?;
    }
    Ok(())
}

impl<'t> Document<'t> {
    fn read_cell(
        &mut self,
        number: usize,
        cell: &'t RawValue,
        places: &[usize],
    ) -> serde_json::Result<()> {
        let steps = [Step::Part { kind: "cell", number }];
        self.add(&steps, places);
        let Cell { source, input, outputs } = serde_json::from_str(cell.get())?;
        self.add_text(&steps, source, places);
        self.add_text(&steps, input, places);
        for (number, output, places) in self.holding(&outputs, places) {
            let [cell] = &steps;
            let steps = [cell.clone(), Step::Part { kind: "output", number }];
            self.read_output(&steps, output, places)?;
        }
        Ok(())
    }

    fn read_output(
        &mut self,
        steps: &[Step],
        output: &'t RawValue,
        places: &[usize],
    ) -> serde_json::Result<()> {
        self.add(steps, places);
        let Output { text, traceback, data } = serde_json::from_str(output.get())?;
        self.add_text(steps, text, places);
        self.add_text(steps, traceback, places);
        for (_, value) in entries(data)? {
            self.add_text(steps, Some(value), places);
        }
        Ok(())
    }
}
