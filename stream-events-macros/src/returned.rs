//! The function's return type, as it can be written inside of the function.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{
    GenericArgument, Path, PathArguments, ReturnType, Token, Type, TypeInfer, TypeParamBound,
};

pub(crate) struct Returned(Type);

impl Returned {
    pub(crate) fn of(output: &ReturnType) -> Self {
        match output {
            ReturnType::Default => Self(Type::Verbatim(quote!(()))),
            ReturnType::Type(_, declared) => Self::from(&**declared),
        }
    }

    /// One of which nothing is known.
    pub(crate) fn any() -> Self {
        Self(Type::Infer(TypeInfer {
            attrs: Vec::new(),
            underscore_token: Token![_](Span::call_site()),
        }))
    }

    /// Whether nothing is known of it: it was `impl Trait` as a whole.
    pub(crate) fn is_unknown(&self) -> bool {
        matches!(&self.0, Type::Infer(_))
    }

    /// Where what the job returns stands: of a boxed future, that is what it resolves to.
    pub(crate) fn span(&self) -> Span {
        resolved(&self.0).unwrap_or(&self.0).span()
    }
}

impl From<&Type> for Returned {
    fn from(declared: &Type) -> Self {
        let mut inside = declared.clone();
        infer_impl_traits(&mut inside);
        Self(inside)
    }
}

impl ToTokens for Returned {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.0.to_tokens(tokens);
    }
}

/// `T` of `Pin<Box<dyn Future<Output = T>>>`.
fn resolved(ty: &Type) -> Option<&Type> {
    match ty {
        Type::Group(ty) => resolved(&ty.elem),
        Type::Paren(ty) => resolved(&ty.elem),
        Type::Path(ty) => match &ty.path.segments.last()?.arguments {
            PathArguments::AngleBracketed(arguments) => {
                arguments.args.iter().find_map(|argument| match argument {
                    GenericArgument::Type(ty) => resolved(ty),
                    _ => None,
                })
            }
            _ => None,
        },
        Type::TraitObject(ty) => ty.bounds.iter().find_map(|bound| match bound {
            TypeParamBound::Trait(bound) => output(&bound.path),
            _ => None,
        }),
        _ => None,
    }
}

/// `T` of `Future<Output = T>`.
pub(crate) fn output(future: &Path) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &future.segments.last()?.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(assoc) if assoc.ident == "Output" => Some(&assoc.ty),
        _ => None,
    })
}

/// Writes `_` for each `impl Trait`, which may only stand in a signature.
fn infer_impl_traits(ty: &mut Type) {
    match ty {
        Type::ImplTrait(written) => {
            *ty = Type::Infer(TypeInfer {
                attrs: Vec::new(),
                underscore_token: Token![_](written.impl_token.span()),
            });
        }
        // Experimental everywhere but as a return type.
        Type::Never(written) => {
            *ty = Type::Infer(TypeInfer {
                attrs: Vec::new(),
                underscore_token: Token![_](written.bang_token.span()),
            });
        }
        Type::Array(ty) => infer_impl_traits(&mut ty.elem),
        Type::Group(ty) => infer_impl_traits(&mut ty.elem),
        Type::Paren(ty) => infer_impl_traits(&mut ty.elem),
        Type::Path(ty) => infer_in_path(&mut ty.path),
        Type::Ptr(ty) => infer_impl_traits(&mut ty.elem),
        Type::Reference(ty) => infer_impl_traits(&mut ty.elem),
        Type::Slice(ty) => infer_impl_traits(&mut ty.elem),
        Type::TraitObject(ty) => {
            for bound in &mut ty.bounds {
                if let TypeParamBound::Trait(bound) = bound {
                    infer_in_path(&mut bound.path);
                }
            }
        }
        Type::Tuple(ty) => ty.elems.iter_mut().for_each(infer_impl_traits),
        _ => {}
    }
}

fn infer_in_path(path: &mut Path) {
    for segment in &mut path.segments {
        let PathArguments::AngleBracketed(arguments) = &mut segment.arguments else {
            continue;
        };
        for argument in &mut arguments.args {
            match argument {
                GenericArgument::Type(ty) => infer_impl_traits(ty),
                GenericArgument::AssocType(assoc) => infer_impl_traits(&mut assoc.ty),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Returned, resolved};
    use proc_macro2::TokenStream;
    use quote::{ToTokens, quote};
    use syn::Type;

    fn returned(output: TokenStream) -> Returned {
        Returned::of(&syn::parse2(output).expect("a return type"))
    }

    #[test]
    fn impl_trait_becomes_inferred() {
        for (declared, inside) in [
            (quote!(), quote!(())),
            (quote!(-> Result<A, B>), quote!(Result<A, B>)),
            (quote!(-> Result<impl A + 'a, B>), quote!(Result<_, B>)),
            (quote!(-> (impl A, &'a impl B)), quote!((_, &'a _))),
            (quote!(-> [(impl A); 2]), quote!([(_); 2])),
            (
                quote!(-> io::Result<Box<dyn Iterator<Item = impl A>>>),
                quote!(io::Result<Box<dyn Iterator<Item = _>>>),
            ),
            (quote!(-> Box<dyn A>), quote!(Box<dyn A>)),
        ] {
            let returned = returned(declared);
            assert_eq!(
                returned.to_token_stream().to_string().replace(' ', ""),
                inside.to_string().replace(' ', "")
            );
            assert!(!returned.is_unknown());
        }
    }

    #[test]
    fn a_boxed_future_stands_for_what_it_resolves_to() {
        for (declared, judged) in [
            (
                quote!(
                    ::core::pin::Pin<Box<dyn Send + ::core::future::Future<Output = R<u8>> + 'a>>
                ),
                "R < u8 >",
            ),
            (quote!(Result<A, B>), "Result < A , B >"),
            (
                quote!(Box<dyn Iterator<Item = A>>),
                "Box < dyn Iterator < Item = A > >",
            ),
        ] {
            let declared: Type = syn::parse2(declared).expect("a type");
            let found = resolved(&declared).unwrap_or(&declared);
            assert_eq!(found.to_token_stream().to_string(), judged);
        }
    }

    #[test]
    fn whole_impl_trait_is_unknown() {
        assert!(returned(quote!(-> impl Iterator<Item = u8>)).is_unknown());
    }
}
