//! A common question.

use crate::envelope::Zone;
use crate::store::issue::IssueRow;
use serde::Serialize;
use utoipa::ToSchema;

/// A common question with its answer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Issue {
    id: u64,
    question: String,
    answer: String,
    add_time: String,
    update_time: String,
    deleted: bool,
}

impl Issue {
    /// Of a row.
    pub fn show(row: IssueRow, zone: Zone) -> Self {
        let IssueRow { id, issue, added_at, updated_at } = row;
        Self {
            id,
            question: issue.question,
            answer: issue.answer,
            add_time: zone.show(added_at),
            update_time: zone.show(updated_at),
            deleted: false,
        }
    }
}

/// What creating and changing a question sends.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it describes an entity body")]
pub struct IssueForm {
    /// Only for a change.
    id: Option<u64>,
    question: String,
    answer: String,
}
