//! The life of an event, from an idea to the moment it opens: DRAFT → CONFIGURED → APPROVED →
//! PUBLISHED, and from anywhere to CANCELLED.
//!
//! What may happen when is decided here and nowhere else. Whether everything is there that a
//! configured event needs, [`super::complete`] says.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Where an event is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Somebody works on it.
    Draft,
    /// It has all it needs.
    Configured,
    /// An admin agrees, or need not be asked.
    Approved,
    /// It is for sale. What can still be changed of that, its partition says.
    Published,
    /// It was called off: the end.
    Cancelled,
}

/// What can be done to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Say that it has all it needs.
    Configure,
    /// Agree to it.
    Approve,
    /// Put it up for sale.
    Publish,
    /// Call it off.
    Cancel,
    /// Go back to working on it.
    Revise,
    /// Change what was agreed to: it has to be looked at again.
    ChangeEssence,
    /// Change when it is, where, and whether everybody finds it: this may have to be changed even
    /// when tickets are sold.
    Reschedule,
    /// Change what people read about it, which nobody's agreement hangs on.
    ChangeTexts,
}

/// Whether an admin has to agree before an event is published. Of two rules the stricter counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Approval {
    /// Nobody is asked.
    NotNeeded,
    /// By the rules of the platform, or because the event says so.
    Needed,
}

/// Why a step cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StepError {
    /// Nobody has agreed yet.
    #[error("an admin has to approve this event before it is published")]
    ApprovalNeeded,
    /// The event was called off.
    #[error("the event was cancelled")]
    Cancelled,
    /// Only drafts are thrown away.
    #[error("the event is {0}: send it back first, or cancel it")]
    NoDraft(Status),
    /// It is not so far yet.
    #[error("the event is {0}: configure it first")]
    NotConfigured(Status),
    /// People may have bought tickets for what it says.
    #[error("the event is published: this cannot be changed any more")]
    Published,
}

impl Approval {
    /// Needed if this is so.
    pub const fn needed_if(is_needed: bool) -> Self {
        if is_needed { Self::Needed } else { Self::NotNeeded }
    }
}

impl Status {
    /// All of them, in the order of a life.
    pub const ALL: [Self; 5] =
        [Self::Draft, Self::Configured, Self::Approved, Self::Published, Self::Cancelled];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Configured => "CONFIGURED",
            Self::Approved => "APPROVED",
            Self::Published => "PUBLISHED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// Where a step leads.
    ///
    /// Steps that have been taken already lead to where the event is, so that whoever has not
    /// heard the answer may ask again.
    ///
    /// # Errors
    /// Why the step cannot be taken.
    pub const fn after(self, step: Step, approval: Approval) -> Result<Self, StepError> {
        use Status::{Approved, Cancelled, Configured, Draft, Published};
        Ok(match (self, step) {
            (_, Step::Cancel) => Cancelled,
            (Cancelled, _) => return Err(StepError::Cancelled),
            (Configured | Approved | Published, Step::Configure)
            | (Published, Step::Approve | Step::Publish | Step::Reschedule)
            | (_, Step::ChangeTexts) => self,
            (Draft, Step::Configure) => Configured,
            (Draft, Step::Approve | Step::Publish) => return Err(StepError::NotConfigured(self)),
            (_, Step::Approve) => Approved,
            (Configured, Step::Publish) if matches!(approval, Approval::Needed) => {
                return Err(StepError::ApprovalNeeded);
            }
            (_, Step::Publish) => Published,
            (Published, Step::Revise | Step::ChangeEssence) => return Err(StepError::Published),
            (_, Step::Revise | Step::ChangeEssence | Step::Reschedule) => Draft,
        })
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a status is DRAFT, CONFIGURED, APPROVED, PUBLISHED or CANCELLED")]
pub struct StatusError;

impl FromStr for Status {
    type Err = StatusError;

    fn from_str(text: &str) -> Result<Self, StatusError> {
        Self::ALL.into_iter().find(|status| status.name() == text).ok_or(StatusError)
    }
}

#[cfg(test)]
mod tests {
    use super::Approval::{Needed, NotNeeded};
    use super::Status::{Approved, Cancelled, Configured, Draft, Published};
    use super::*;

    #[test]
    fn an_event_goes_all_the_way_only_with_the_approval_that_it_needs() {
        let publish = |status: Status, approval| status.after(Step::Publish, approval);
        assert_eq!(publish(Draft, NotNeeded), Err(StepError::NotConfigured(Draft)));
        assert_eq!(publish(Configured, Needed), Err(StepError::ApprovalNeeded));
        assert_eq!(publish(Configured, NotNeeded), Ok(Published));
        assert_eq!(Configured.after(Step::Approve, Needed), Ok(Approved));
        assert_eq!(publish(Approved, Needed), Ok(Published));
    }

    #[test]
    fn what_was_agreed_to_cannot_be_changed_behind_anybodys_back() {
        for status in [Draft, Configured, Approved] {
            assert_eq!(status.after(Step::ChangeEssence, Needed), Ok(Draft));
            assert_eq!(status.after(Step::Reschedule, Needed), Ok(Draft));
            assert_eq!(status.after(Step::ChangeTexts, Needed), Ok(status));
        }
        assert_eq!(Published.after(Step::ChangeEssence, NotNeeded), Err(StepError::Published));
        for step in [Step::ChangeTexts, Step::Reschedule] {
            assert_eq!(Published.after(step, NotNeeded), Ok(Published));
        }
    }

    #[test]
    fn everything_can_be_cancelled_and_nothing_comes_back() {
        for status in Status::ALL {
            assert_eq!(status.after(Step::Cancel, Needed), Ok(Cancelled));
        }
        for step in [Step::Configure, Step::Approve, Step::Publish, Step::Revise, Step::ChangeTexts]
        {
            assert_eq!(Cancelled.after(step, NotNeeded), Err(StepError::Cancelled));
        }
    }

    #[test]
    fn a_step_that_was_taken_may_be_asked_for_again() {
        let steps =
            [(Configured, Step::Configure), (Approved, Step::Approve), (Published, Step::Publish)];
        for (status, step) in steps {
            assert_eq!(status.after(step, NotNeeded), Ok(status));
        }
    }

    #[test]
    fn a_status_is_read_back_as_written() {
        for status in Status::ALL {
            assert_eq!(status.to_string().parse(), Ok(status));
        }
        assert_eq!("draft".parse::<Status>(), Err(StatusError));
    }
}
