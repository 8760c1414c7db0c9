//! Categories on the wire.

use onsale_control::catalogue::category::{Category, CategoryName};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::id::CategoryRef;
use super::{Id, at};
use crate::problem::Problem;

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

/// A page of kinds of event.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CategoryList {
    /// By name.
    pub categories: Vec<CategoryDto>,
    /// What to send as `after` for the next page; null on the last one.
    #[schema(example = "WyJjb25jZXJ0IiwiY2F0XzA1Il0")]
    pub next: Option<String>,
}

/// Which categories to list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CategoryPage {
    /// How many at most.
    #[param(default = 50, minimum = 1, maximum = 100)]
    pub limit: Option<u16>,
    /// The `next` of the page before.
    pub after: Option<String>,
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
        at("name", CategoryName::parse(&self.name))
    }
}

impl From<Category> for CategoryDto {
    fn from(category: Category) -> Self {
        Self { id: Id(category.id), name: category.name }
    }
}
