//! Categories on the wire.

use onsale_control::catalogue::category::{Category, CategoryName};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Id;
use super::id::CategoryRef;
use crate::problem::{Problem, catalog};

/// A kind of event.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Category)]
pub struct CategoryDto {
    /// Which one.
    pub id: CategoryRef,
    /// What it is called.
    #[schema(example = "Concert")]
    pub name: String,
}

/// All kinds of event.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CategoryList {
    /// By name.
    pub categories: Vec<CategoryDto>,
}

/// What a category is to be called.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NameCategory {
    /// Its name, which no other has, in any case.
    #[schema(example = "Concert", min_length = 1, max_length = 80)]
    pub name: String,
}

impl NameCategory {
    /// The name, checked.
    pub fn parse(&self) -> Result<CategoryName, Problem> {
        CategoryName::parse(&self.name).ok_or_else(|| {
            let problem = "must be 1 to 80 characters, and none of them a control character";
            Problem::at(&catalog::INVALID_BODY, "name", problem)
        })
    }
}

impl From<Category> for CategoryDto {
    fn from(category: Category) -> Self {
        Self { id: Id(category.id), name: category.name }
    }
}
