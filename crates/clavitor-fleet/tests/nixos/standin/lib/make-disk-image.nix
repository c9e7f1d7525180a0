_: "/store/image"
